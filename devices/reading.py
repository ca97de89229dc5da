"""What a scanner's protocol yields, whatever the wire: a code, or a frame that is none and why.

A scanner is a keyboard in a shopper's hand: whatever he shows to it arrives here. So its length is bounded, its text is UTF-8 or GB18030,
and the only control character that leaves is GS, which separates the values of a GS1 message.
"""

import unicodedata
from typing import NamedTuple

from devices.errors import GarbledFrame
from devices.meaning import Fields, Meaning, visible
from domain.symbology import is_aim, symbology_name

MAX_CODE_BYTES = 4096  # the largest QR code holds 7089 digits in theory, 2953 bytes in practice
GROUP_SEPARATOR = 0x1D  # FNC1 of GS1 codes, the one control character that belongs in data


class Code(NamedTuple):
    """A code as read: its text and its AIM identifier (``]E0``) if the scanner told its symbology."""

    data: str
    symbology: str | None


class Refusal(NamedTuple):
    """A frame that is no code: ``reason`` is a constant for counting, ``size`` in bytes."""

    reason: str
    size: int


def code_of(body: bytes, symbology: str | None) -> Code:
    """Return the code that a frame holds.

    Raises:
        GarbledFrame: too long, empty, control characters, or neither UTF-8 nor GB18030.
    """
    if len(body) > MAX_CODE_BYTES:
        raise GarbledFrame("too_long")
    if not body:
        raise GarbledFrame("empty")
    return Code(text_of(body), symbology)


def split_aim(body: bytes) -> tuple[str | None, bytes]:
    """Return the AIM identifier at the head of ``body``, if there is one with data behind it, and the rest.

    >>> split_aim(b"]E06901234567892")
    (']E0', b'6901234567892')
    """
    head = body[:3].decode("ascii", "replace")
    return (head, body[3:]) if len(body) > 3 and is_aim(head) else (None, body)


def text_of(body: bytes) -> str:
    """Decode what was read.

    Raises:
        GarbledFrame: control characters other than GS, or neither UTF-8 nor GB18030.
    """
    if any((byte < 0x20 and byte != GROUP_SEPARATOR) or byte == 0x7F for byte in body):
        raise GarbledFrame("control_character", body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = body.decode("gb18030")  # what Chinese generators put into QR codes without saying so
        except UnicodeDecodeError as error:
            raise GarbledFrame("not_text", body) from error
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character != "\x1d"):
        raise GarbledFrame("control_character", body)
    return text


def meaning_of(result: Code | Refusal) -> Meaning:
    """Return what ``result`` says, for people."""
    if isinstance(result, Refusal):
        return Meaning(
            f"refused: {result.reason.replace('_', ' ')} ({result.size} bytes)",
            {"refused": result.reason, "bytes": result.size},
        )
    fields: Fields = {"data": visible(result.data)}
    if result.symbology is None:
        return Meaning(f"code {fields['data']}, symbology not told", fields)
    name = symbology_name(result.symbology)
    return Meaning(f"code {fields['data']}, {name}", fields | {"aim": result.symbology, "symbology": name})
