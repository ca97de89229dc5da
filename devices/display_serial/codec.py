"""What shall be seen into the bytes that make a display show it. No text ever becomes a command."""

import unicodedata

from devices.display_serial.model import DisplayModel
from devices.meaning import Fields, Meaning, visible
from devices.ports.display import Shown

MAX_TEXT = 200
_MOST_DIGITS = "9"


def encode(shown: Shown, model: DisplayModel) -> bytes:
    """Return the bytes that show ``shown`` on ``model``, whatever stood there before."""
    body = _digits(shown, model) if model.digits is not None else _rows(shown, model)
    return bytes.fromhex(model.begin) + body + bytes.fromhex(model.end)


def reset(model: DisplayModel) -> bytes:
    """Return what makes a display of ``model`` ready, once after its line was opened."""
    return bytes.fromhex(model.begin + model.reset + model.end)


def amount_text(shown: Shown) -> str:
    """Return the amount as digits with the currency's decimals, such as ``-3.50``; empty when there is none."""
    if shown.amount_minor is None:
        return ""
    sign, minor = "-" if shown.amount_minor < 0 else "", abs(shown.amount_minor)
    if not shown.digits:
        return f"{sign}{minor}"
    whole, part = divmod(minor, 10**shown.digits)
    return f"{sign}{whole}.{part:0{shown.digits}d}"


def rows_of(shown: Shown, model: DisplayModel) -> list[str]:
    """Return the texts of the rows: the name above, the amount at the right of the last one."""
    name = _fitting(shown.text, model) or _fitting(shown.ascii, model)
    amount, symbol = amount_text(shown), _fitting(shown.symbol, model)
    last = _beside(_fitting(shown.detail, model), symbol + amount, model.columns)
    rows = [_cut(name, model.columns), last][: len(model.rows)]
    if not last.strip() and len(model.rows) > 1:
        rows = _over_two(name, model.columns)
    if len(model.rows) == 1:
        rows = [_beside(name, symbol + amount, model.columns)]
    return rows + [""] * (len(model.rows) - len(rows))


def _rows(shown: Shown, model: DisplayModel) -> bytes:
    texts = rows_of(shown, model)
    return b"".join(
        row.wrap(_padded(text, model.columns).encode(model.charset))
        for row, text in zip(model.rows, texts, strict=True)
    )


def _digits(shown: Shown, model: DisplayModel) -> bytes:
    assert model.digits is not None  # noqa: S101 - its caller has looked
    text = amount_text(shown)
    if len(text.replace(".", "")) > model.columns:
        text = _MOST_DIGITS * model.columns  # a number that is plainly wrong, rather than one that lost its front
    # The digits first, then the lamp: some boards put the lamp out when digits come.
    lamp = model.lamps.get(shown.purpose, model.lamps.get("none", "")) if text else model.lamps.get("none", "")
    return model.digits.wrap(text.encode("ascii")) + bytes.fromhex(lamp)


def _fitting(text: str, model: DisplayModel) -> str:
    """Return what the glass can show of ``text``; empty when it cannot show all of it and the text is not Latin."""
    plain = "".join(" " if _is_control(c) else c for c in unicodedata.normalize("NFKC", text[:MAX_TEXT]))
    plain = " ".join(plain.split()).replace("¥", "￥" if model.charset != "ascii" else "")
    shown = "".join(c for c in plain if _encodable(c, model.charset)).strip()
    return shown if _mostly(shown, plain) else ""


def _mostly(shown: str, plain: str) -> bool:
    # Of "可乐 330ml" an ASCII glass would keep "330ml", which names nothing: then the Latin name is the better one.
    return 2 * _width(shown) > _width(plain)


def _encodable(character: str, charset: str) -> bool:
    try:
        return len(character.encode(charset)) <= 2  # four bytes of GB18030 print as rubbish on every glass seen
    except UnicodeEncodeError:
        return False


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _width(text: str) -> int:
    return sum(1 if c.isascii() else 2 for c in text)


def _cut(text: str, columns: int) -> str:
    while text and _width(text) > columns:
        text = text[:-1]
    return text.rstrip()


def _over_two(text: str, columns: int) -> list[str]:
    """Return a text on two rows, broken at a space if there is one in the first."""
    first = _cut(text, columns)
    if len(first) < len(text) and text[len(first)] != " " and " " in first:
        first = first[: first.rindex(" ")]
    return [first.rstrip(), _cut(text[len(first) :].lstrip(), columns)]


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _width(text))


def _beside(left: str, right: str, columns: int) -> str:
    """Return ``left`` and ``right`` at the two ends of a row; the amount is never cut, the text beside it is."""
    right = right if _width(right) <= columns else _MOST_DIGITS * columns
    left = _cut(left, columns - _width(right) - 1) if right else _cut(left, columns)
    return left + " " * (columns - _width(left) - _width(right)) + right


_COMMANDS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x1b@", 0, "initialise"), (b"\x1b=", 1, "select device"), (b"\x1bs", 1, "lamp"), (b"\x1b_", 1, "cursor"),
    (b"\x1bl", 2, "move to column, row"), (b"\x1b*", 1, "brightness"), (b"\x1b\x11", 0, "overwrite mode"),
    (b"\x1f$", 2, "move to column, row"), (b"\x1f\x01", 0, "overwrite mode"), (b"\x1fC", 1, "cursor"), (b"\x1fX", 1, "brightness"),
    (b"\x1fE", 1, "blink"), (b"\x0c", 0, "clear"), (b"\x18", 0, "clear row"), (b"\x0b", 0, "home"),
)  # fmt: skip
_STRINGS = {b"\x1bQA": "upper row", b"\x1bQB": "lower row", b"\x1bQD": "scroll upper row"}


def explain(data: bytes) -> list[Meaning]:
    """Return what bytes for a display mean, for people; what is no command is text for the glass."""
    meanings: list[Meaning] = []
    text = bytearray()
    at = 0
    while at < len(data):
        found = _command(data, at)
        if found is None:
            text.append(data[at])
            at += 1
            continue
        meanings += _said(text)
        text.clear()
        meanings.append(found[0])
        at += found[1]
    return meanings + _said(text)


def _said(text: bytearray) -> list[Meaning]:
    return [Meaning(f"text {_readable(text)!r}", {"text": _readable(text)})] if text else []


def _command(data: bytes, at: int) -> tuple[Meaning, int] | None:
    for start, name in _STRINGS.items():
        if data.startswith(start, at):
            end = data.find(b"\r", at)
            stop = len(data) if end < 0 else end
            text = _readable(data[at + 3 : stop])
            fields: Fields = {"command": name, "text": text, "complete": end >= 0}
            return Meaning(f"{name}: {text!r}" + ("" if end >= 0 else ", without its end"), fields), stop + 1 - at
    for start, arguments, name in _COMMANDS:
        if data.startswith(start, at):
            given = data[at + len(start) : at + len(start) + arguments].hex(" ")
            return Meaning(f"{name} {given}".rstrip(), {"command": name, "bytes": given}), len(start) + arguments
    return None


def _readable(data: bytes | bytearray) -> str:
    return visible(bytes(data).decode("gb18030", "replace"))
