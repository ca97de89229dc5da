"""Why no code of a picture is told, in Chinese: the errors stay English, as logs and programs read them."""

from domain.phrases import Phrasebook

_IN_CHINESE = Phrasebook(
    {
        "{file} cannot be read: {reason}": "{file} 无法读取：{reason}",
        "No such file or directory": "没有这个文件",
        "Permission denied": "没有权限",
        "Is a directory": "这是文件夹",
        "{file} has more than {limit} bytes: send a smaller picture": "{file} 超过 {limit} 字节：请用小一些的图片",
        "picture of {size} pixels is over the limit of {limit}: send a smaller one": "图片为 {size} 像素，"
        "超过上限 {limit}：请用小一些的图片",
        "picture of {size} pixels cannot be decoded: {why}": "{size} 像素的图片无法解码：{why}",
        "picture of {size} pixels is damaged: {bytes} bytes": "{size} 像素的图片已损坏（{bytes} 字节）",
        "picture is over the limit of {limit} pixels: send a smaller one": "图片超过上限 {limit} 像素：请用小一些的图片",
        "{bytes} bytes that are no {formats} picture": "这 {bytes} 字节不是图片（可用格式：{formats}）",
        "camera is not available: {reason}": "无法识别图片：{reason}",
        "{name} cannot be loaded ({error}): install shopwire[vision] (pyzbar also needs apt libzbar0)": "无法加载 {name}（{error}）："
        "请安装 shopwire[vision]（pyzbar 还需要 apt 的 libzbar0）",
    }
)


def in_chinese(refusal: str) -> str:
    """Return what ``PictureRefused`` or ``DeviceUnavailable`` says, in Chinese; as it is when it says something else."""
    return _IN_CHINESE.said(refusal)
