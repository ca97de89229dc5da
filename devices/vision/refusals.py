"""Why a picture is refused, in Chinese: the errors stay English, as logs and programs read them."""

import re

_IN_CHINESE = {
    r"(?P<file>.+) cannot be read: No such file or directory": "{file} 无法读取：没有这个文件",
    r"(?P<file>.+) cannot be read: Permission denied": "{file} 无法读取：没有权限",
    r"(?P<file>.+) cannot be read: Is a directory": "{file} 无法读取：这是文件夹",
    r"(?P<file>.+) cannot be read: (?P<why>.+)": "{file} 无法读取：{why}",
    r"(?P<file>.+) has more than (?P<limit>\d+) bytes: send a smaller picture": "{file} 超过 {limit} 字节：请用小一些的图片",
    r"picture of (?P<size>\d+×\d+) pixels is over the limit of (?P<limit>\d+): send a smaller one": "图片为 {size} 像素，"
    "超过上限 {limit}：请用小一些的图片",
    r"picture of (?P<size>\d+×\d+) pixels cannot be decoded: (?P<why>.+)": "{size} 像素的图片无法解码：{why}",
    r"picture of (?P<size>\d+×\d+) pixels is damaged: (?P<bytes>\d+) bytes": "{size} 像素的图片已损坏（{bytes} 字节）",
    r"picture is over the limit of (?P<limit>\d+) pixels: send a smaller one": "图片超过上限 {limit} 像素：请用小一些的图片",
    r"(?P<bytes>\d+) bytes that are no (?P<formats>.+) picture": "这 {bytes} 字节不是图片（可用格式：{formats}）",
}


def in_chinese(refusal: str) -> str:
    """Return what ``PictureRefused`` says, in Chinese; as it is when it says something else."""
    for pattern, text in _IN_CHINESE.items():
        if found := re.fullmatch(pattern, refusal, re.DOTALL):
            return text.format(**found.groupdict())
    return refusal
