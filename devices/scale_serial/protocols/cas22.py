"""CAS continuous, 22 bytes (NT, CI, PDS): ``ST,GS,`` id lamp ``,`` eight characters `` kg`` CR LF; 9600 8N1, nobody asks.

``ST`` stable, ``US`` not, ``OL`` over capacity; ``GS`` gross, ``NT`` net. Id and lamp are bytes of any value.
"""

from devices.framing import Sized
from devices.meaning import Meaning
from devices.scale_serial.codec import Language, Told, explained, grams_of

SIZE = 22
_STATUS: dict[bytes, tuple[str, ...]] = {b"ST": (), b"US": ("in_motion",), b"OL": ("over_capacity",)}
_HEADS = tuple(status + kind for status in _STATUS for kind in (b",GS,", b",NT,"))


def tell(frame: bytes, _: bytes) -> Told:
    """Return what one line tells."""
    words = _STATUS[frame[:2]] + (("net",) if frame[3:5] == b"NT" else ())
    told = grams_of(frame[9:17].decode("latin-1"), frame[17:20].decode("latin-1"))
    if "over_capacity" in words:  # what stands there instead of a figure is every maker's own
        told = Told(None)
    return told.also(*words) if frame[8:9] == b"," else Told(None, ("no_frame",))


LANGUAGE = Language(cutter=lambda: Sized(_HEADS, SIZE, b"\r\n"), tell=tell)


def explain(data: bytes) -> list[Meaning]:
    """Return what a scale's lines mean."""
    return explained(LANGUAGE, data)
