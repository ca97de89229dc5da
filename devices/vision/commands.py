"""``shopwire camera read``: which codes are in a picture, without a store around it."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from devices.errors import DeviceUnavailable, PictureRefused
from devices.meaning import visible
from devices.vision.refusals import in_chinese

TEXTS = {
    "en": {
        "camera": "Codes in pictures.",
        "read": (
            "Read the codes in each IMAGE (- is standard input): EAN, UPC, Code 128, ITF, DataBar, QR, DataMatrix.\n\n"
            "A picture that cannot be read is "
            "told and the others go on; the exit code is then 1. A picture without a code is no error.",
            (
                "shopwire camera read shelf.jpg",
                "shopwire camera read --fast --json *.jpg",
            ),
        ),
        "examples": "Examples",
        "none": "{file}: no code ({ms} ms)",
        "found": "{file}: {count} ({ms} ms)",
        "sure": "sure",
        "once": "read once only",
        "not_retail": "no till takes it",
        "refused": "{file}: {reason}",
        "advice": "Nearer, more light, the whole code with white at both ends.",
    },
    "zh": {
        "camera": "识别图片中的条码。",
        "read": (
            "识别每张 IMAGE（- 为标准输入）中的条码：EAN、UPC、Code 128、ITF、DataBar、QR、DataMatrix。\n\n"
            "某张图片无法读取时会说明原因并继续处理其余图片，此时退出码为 1；图片中没有条码不算错误。",
            (
                "shopwire camera read shelf.jpg",
                "shopwire camera read --fast --json *.jpg",
            ),
        ),
        "examples": "示例",
        "none": "{file}：未识别到条码（{ms} 毫秒）",
        "found": "{file}：{count} 个（{ms} 毫秒）",
        "sure": "确定",
        "once": "仅读到一次",
        "not_retail": "收银台不接受",
        "refused": "{file}：{reason}",
        "advice": "请靠近些、光线亮些，并让整个条码（含两端空白）入镜。",
    },
}
FAMILIES = {
    "EAN13": "EAN-13", "EAN8": "EAN-8", "UPCA": "UPC-A", "UPCE": "UPC-E", "CODE128": "Code 128", "ITF": "ITF",
    "DATABAR": "DataBar", "DATABAREXP": "DataBar Expanded", "QR": "QR", "DM": "DataMatrix",
}  # fmt: skip


def _texts(ctx: click.Context) -> dict[str, Any]:
    return TEXTS[_lang(ctx)]


def _lang(ctx: click.Context) -> str:
    return str((ctx.find_root().obj or {}).get("lang", "en"))


class _Spoken(click.Command):
    """A command whose help is ``TEXTS[language][name]``: what it does, and examples."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, for the list of commands."""
        about: str = _texts(click.get_current_context())["read"][0]
        return about.partition("\n")[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what it does, then examples as they are typed."""
        about, examples = _texts(ctx)["read"]
        formatter.write_paragraph()
        with formatter.indentation():
            for paragraph in about.split("\n\n"):
                formatter.write_text(paragraph)
                formatter.write_paragraph()
        with formatter.section(_texts(ctx)["examples"]):
            for example in examples:
                formatter.write(f"  $ {example}\n")


class _SpokenGroup(click.Group):
    command_class = _Spoken

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the group is for."""
        formatter.write_paragraph()
        formatter.write_text(_texts(ctx)["camera"])


@click.group(cls=_SpokenGroup)
def camera() -> None:
    """Codes in pictures."""


@camera.command()
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…", type=click.Path(path_type=Path))
@click.option("--fast", is_flag=True, help="As much work as for one frame of a live camera / 只做单帧所需的快速识别.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and picture / 每张图片输出一行 JSON.")
@click.pass_context
def read(ctx: click.Context, images: tuple[Path, ...], *, fast: bool, as_json: bool) -> None:
    """Read the codes in each IMAGE."""
    import msgspec

    told, refused = _texts(ctx), False
    for image in images:
        try:
            seen = _seen(image, fast=fast)
        except PictureRefused as error:
            seen, refused = {"file": _plain(str(image)), "error": _plain(str(error))}, True
        except DeviceUnavailable as error:
            raise click.ClickException(in_chinese(str(error)) if _lang(ctx) == "zh" else str(error)) from error
        if as_json:
            click.echo(msgspec.json.encode(seen))
        else:
            click.echo(_refused(seen, told, _lang(ctx)) if "error" in seen else _said(seen, told), err="error" in seen)
    if refused:
        ctx.exit(1)


def _plain(text: str) -> str:
    """Return a text that may hold the bytes of a file's name as UTF-8 can carry it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _seen(image: Path, *, fast: bool) -> dict[str, Any]:
    from devices.vision.picture import MAX_BYTES, grey, read_bytes, vision_module

    vision_module("numpy")  # before the reader imports them: their absence is told as what to install
    vision_module("cv2")
    from devices.vision.codes import retail
    from devices.vision.decoders import decoder_in_use
    from devices.vision.reader import read_picture

    # One byte more than the limit is enough to be refused by it.
    picture = grey(read_bytes(sys.stdin.buffer.read(MAX_BYTES + 1) if str(image) == "-" else image))
    decoder, began = decoder_in_use(), time.perf_counter()
    readings = read_picture(picture, fast=fast, only_retail=False)
    took_s = time.perf_counter() - began
    texts = [
        {
            "text": reading.text,
            "symbology": reading.symbology,
            "family": FAMILIES[reading.family],
            "decoder": reading.decoder,
            "sure": reading.votes > 1,
            "retail": retail(reading),
        }
        for reading in readings
    ]
    return {"file": _plain(str(image)), "texts": texts, "decoder": decoder, "milliseconds": round(1000 * took_s, 1)}


def _refused(seen: dict[str, Any], told: dict[str, Any], lang: str) -> str:
    reason = in_chinese(seen["error"]) if lang == "zh" else str(seen["error"])
    named = Path(seen["file"]).name in reason
    return visible(reason if named else str(told["refused"]).format(file=seen["file"], reason=reason))


def _said(seen: dict[str, Any], told: dict[str, Any]) -> str:
    if not seen["texts"]:
        return str(told["none"]).format(file=visible(seen["file"]), ms=seen["milliseconds"]) + f"\n  {told['advice']}"
    head = str(told["found"]).format(file=visible(seen["file"]), count=len(seen["texts"]), ms=seen["milliseconds"])
    return "\n".join([head, *(_line(text, told) for text in seen["texts"])])


def _line(text: dict[str, Any], told: dict[str, Any]) -> str:
    notes = [text["symbology"], text["decoder"], told["sure" if text["sure"] else "once"]]
    if not text["retail"]:
        notes.append(told["not_retail"])
    return f"  {visible(text['text'])}  {text['family']}  ({', '.join(notes)})"
