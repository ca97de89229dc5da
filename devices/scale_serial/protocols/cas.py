"""CAS AP, ER and PD-II, and Pinnacle (顶尖) OS2, which speaks the same with another check byte: 9600 8N1.

``05`` ENQ → ``06`` (``15``: not ready) · ``11`` DC1 → ``01 02 STA SIGN weight[6] unit[2] BCC 03 04``.
CAS reckons BCC over STA to unit, OS2 over 01 02 too. OS2 knows STA ``F``: over its range, or it found no zero when it was switched on.
In continuous mode an OS2 sends the same block again and again without being asked.

A CAS that works prices out answers ``12`` DC2 with three blocks: ``01 02 amount[8] BCC 03 02 STA SIGN weight[6] unit[2] BCC 03
02 unit price[8] BCC 03 04``. Sources: CAS AP-1, transmission protocol; Ohaus Aviator 7000 service manual, format 2.
"""

import re

from devices.framing import Sized, xor
from devices.meaning import Meaning
from devices.scale_serial.codec import ACK, DC1, DC2, ENQ, NAK, Language, Send, Told, explained, grams_of
from domain.quantity import extend

BLOCK, PRICE_BLOCKS = 15, 37
_HEAD, _TAIL = b"\x01\x02", b"\x03\x04"
_STATUS: dict[bytes, tuple[str, ...]] = {b"S": (), b"U": ("in_motion",), b"F": ("overload_or_startup_zero",)}
_SIGN: dict[bytes, tuple[str, ...]] = {b" ": (), b"-": ("under_zero",), b"F": ("over_capacity",)}
_OVER = {"over_capacity", "overload_or_startup_zero"}
_MONEY = re.compile(rb" *([0-9]+)\.?([0-9]*)")


def block(frame: bytes, check: int) -> Told:
    """Return what a whole block tells, whose check byte must be ``check``."""
    return weight(frame[2:12]) if frame[12] == check else Told(None, ("bad_bcc",))


def weight(content: bytes) -> Told:
    """Return what ten bytes tell: state, sign, figure and unit."""
    status, sign = content[:1], content[1:2]
    if status not in _STATUS or sign not in _SIGN:
        return Told(None, ("no_frame",))
    words = _STATUS[status] + _SIGN[sign]
    told = grams_of(content[2:8].decode("latin-1"), content[8:].decode("latin-1"))
    if told.grams is None and _OVER.intersection(words):  # what stands there instead of a figure is every maker's own
        return Told(None, words)
    told = told.also(*words)
    return told._replace(grams=-told.grams) if sign == b"-" and told.grams else told


def tell_prices(frame: bytes, _: bytes) -> Told | Send:
    """Return what amount, weight and unit price tell, or a single byte."""
    if len(frame) == 1:
        return single(frame, DC2)
    amount, content, price = frame[2:10], frame[13:23], frame[26:34]
    if frame[11:13] != b"\x03\x02" or frame[24:26] != b"\x03\x02":
        return Told(None, ("no_frame",))
    if (frame[10], frame[23], frame[34]) != (xor(amount), xor(content), xor(price)):
        return Told(None, ("bad_bcc",))
    return _priced(weight(content), _minor(price), _minor(amount))


def _priced(told: Told, price: int | None, amount: int | None) -> Told:
    """Return a weight with its amount, if the price makes that amount of it."""
    if told.gravest or told.grams is None or not price or amount is None or abs(amount - extend(price, told.grams)) > 1:
        return told
    return told._replace(unit_price_minor=price, amount_minor=amount)


def _minor(figure: bytes) -> int | None:
    """Return a price in minor units; the scale shows as many decimals as its currency has."""
    found = _MONEY.fullmatch(figure)
    return int(found[1] + found[2]) if found else None


def tell(frame: bytes, _: bytes) -> Told | Send:
    """Return what a block of a CAS, or one of its single bytes, tells."""
    return single(frame) if len(frame) == 1 else block(frame, xor(frame[2:12]))


def tell_os2(frame: bytes, _: bytes) -> Told | Send:
    """Return what a block of an OS2, or one of its single bytes, tells."""
    return single(frame) if len(frame) == 1 else block(frame, xor(frame[:12]))


def single(frame: bytes, then: int = DC1) -> Told | Send:
    """Return what ACK, to be answered with ``then``, and NAK mean."""
    return Send(bytes([then])) if frame[0] == ACK else Told(None, ("not_ready",))


def cutter(size: int = BLOCK) -> Sized:
    """Return the cutter of blocks, ACK and NAK."""
    return Sized((_HEAD,), size, _TAIL, bytes([ACK, NAK]))


LANGUAGE = Language(cutter=cutter, tell=tell, question=bytes([ENQ]))
PRICES = Language(cutter=lambda: cutter(PRICE_BLOCKS), tell=tell_prices, question=bytes([ENQ]), prices=True)
OS2 = Language(
    cutter=cutter,
    tell=tell_os2,
    question=bytes([ENQ]),
    begin=b"<AL>\t",
    zero=b"<ZK>\t",
    tare=b"<TK>\t",
    clear_tare=b"<TK>\t",
)
OS2_CONTINUOUS = OS2._replace(question=b"", begin=b"<PB>\t")


def explain(data: bytes) -> list[Meaning]:
    """Return what the answers of a CAS mean."""
    return explained(LANGUAGE, data)


def explain_prices(data: bytes) -> list[Meaning]:
    """Return what a CAS means that works prices out."""
    return explained(PRICES, data)


def explain_os2(data: bytes) -> list[Meaning]:
    """Return what the answers of an OS2 mean."""
    return explained(OS2, data)
