"""CAS AP, ER and PD-II, and Pinnacle (顶尖) OS2, which speaks the same with another check byte: 9600 8N1.

``05`` ENQ → ``06`` (``15``: not ready) · ``11`` DC1 → ``01 02 STA SIGN weight[6] unit[2] BCC 03 04``.
CAS reckons BCC over STA to unit, OS2 over 01 02 too. OS2 knows STA ``F``: over its range, or it found no zero when it was switched on.
In continuous mode an OS2 sends the same block again and again without being asked.
"""

from devices.framing import Sized, xor
from devices.meaning import Meaning
from devices.scale_serial.codec import ACK, DC1, ENQ, NAK, Language, Send, Told, explained, grams_of

BLOCK = 15
_HEAD, _TAIL = b"\x01\x02", b"\x03\x04"
_STATUS: dict[bytes, tuple[str, ...]] = {b"S": (), b"U": ("in_motion",), b"F": ("overload_or_startup_zero",)}
_SIGN: dict[bytes, tuple[str, ...]] = {b" ": (), b"-": ("under_zero",), b"F": ("over_capacity",)}


def block(frame: bytes, check: int) -> Told:
    """Return what a whole block tells, whose check byte must be ``check``."""
    if frame[12] != check:
        return Told(None, ("bad_bcc",))
    status, sign = frame[2:3], frame[3:4]
    if status not in _STATUS or sign not in _SIGN:
        return Told(None, ("no_frame",))
    told = grams_of(frame[4:10].decode("latin-1"), frame[10:12].decode("latin-1"))
    told = told.also(*_STATUS[status], *_SIGN[sign])
    return told._replace(grams=-told.grams) if sign == b"-" and told.grams else told


def tell(frame: bytes, _: bytes) -> Told | Send:
    """Return what a block of a CAS, or one of its single bytes, tells."""
    return single(frame) or block(frame, xor(frame[2:12]))


def tell_os2(frame: bytes, _: bytes) -> Told | Send:
    """Return what a block of an OS2, or one of its single bytes, tells."""
    return single(frame) or block(frame, xor(frame[:12]))


def single(frame: bytes) -> Told | Send | None:
    """Return what ACK and NAK mean, None for every other frame."""
    if frame[0] == ACK:
        return Send(bytes([DC1]))
    return Told(None, ("not_ready",)) if frame[0] == NAK else None


def cutter() -> Sized:
    """Return the cutter of blocks, ACK and NAK."""
    return Sized((_HEAD,), BLOCK, _TAIL, bytes([ACK, NAK]))


LANGUAGE = Language(cutter=cutter, tell=tell, question=bytes([ENQ]))
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


def explain_os2(data: bytes) -> list[Meaning]:
    """Return what the answers of an OS2 mean."""
    return explained(OS2, data)
