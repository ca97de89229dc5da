"""Any scale whose frames a regular expression can read: a protocol as data, in ``models.toml``."""

import re

import msgspec

from devices.framing import Delimited
from devices.scale_serial.codec import Language, Told, grams_of

_GROUPS = frozenset({"weight", "unit", "sign", "stable", "moving", "over", "net"})
_UNITS = {"公斤": "kg", "千克": "kg", "克": "g"}


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a scale's frames read. Bytes are written in hex.

    Attributes:
        regex: searched in every frame; the group ``weight`` is needed, ``unit`` and ``sign`` may be there, and of ``stable``,
            ``moving``, ``over`` and ``net`` it counts whether they match anything.
        end: the byte that ends a frame.
        start: the byte that begins one; empty when everything up to ``end`` belongs to it.
        unit: of a frame that names none: kg, g, or one that is refused (lb, oz, 斤).
        decimals: where the point stands in a figure without one.
        reverse: the figure comes with its last digit first.
        bits: 7 when the eighth bit is parity, or nothing.
        encoding: of the text.
        ask, zero, tare: what to send; empty when there is no such command.
    """

    regex: str
    end: str = "0a"
    start: str = ""
    unit: str = "kg"
    decimals: int = 0
    reverse: bool = False
    bits: int = 8
    encoding: str = "latin-1"
    ask: str = ""
    zero: str = ""
    tare: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        try:
            groups = re.compile(self.regex).groupindex.keys()
            "".encode(self.encoding)
        except (re.error, LookupError) as error:
            raise ValueError(f"regex {self.regex!r} in {self.encoding!r}: {error}") from error
        if "weight" not in groups or groups - _GROUPS:
            raise ValueError(
                f"regex {self.regex!r} has groups {sorted(groups)}, expected weight and some of {sorted(_GROUPS)}"
            )
        if len(bytes.fromhex(self.end)) != 1 or len(bytes.fromhex(self.start)) > 1 or self.bits not in (7, 8):
            raise ValueError(
                f"end {self.end!r} (one byte), start {self.start!r} (one or none) or bits {self.bits} (7, 8)"
            )
        bytes.fromhex(self.ask + self.zero + self.tare)

    @property
    def flags_motion(self) -> bool:
        """Whether a frame says by itself that the weight is stable."""
        return not {"stable", "moving"}.isdisjoint(re.compile(self.regex).groupindex)


def language(pattern: Pattern) -> Language:
    """Return the protocol that ``pattern`` describes."""
    regex = re.compile(pattern.regex)
    start = bytes.fromhex(pattern.start)[0] if pattern.start else -1
    end = bytes.fromhex(pattern.end)[0]

    def tell(frame: bytes, _: bytes) -> Told | None:
        text = frame.decode(pattern.encoding, "replace")
        if not text.strip("\r\n\0 "):
            return None
        match = regex.search(text)
        return _told(match, pattern) if match else Told(None, ("no_frame",))

    return Language(
        cutter=lambda: Delimited(start, end),
        tell=tell,
        question=bytes.fromhex(pattern.ask),
        zero=bytes.fromhex(pattern.zero),
        tare=bytes.fromhex(pattern.tare),
        seven_bits=pattern.bits == 7,
    )


def _told(match: re.Match[str], pattern: Pattern) -> Told:
    groups = match.groupdict("")
    words = tuple(word for group, word in (("over", "over_capacity"), ("net", "net")) if groups.get(group))
    if groups.get("moving") or ("stable" in groups and not groups["stable"]):
        words += ("in_motion",)
    figure = groups["weight"][::-1] if pattern.reverse else groups["weight"]
    unit = groups.get("unit", "") or pattern.unit
    told = grams_of(groups.get("sign", "") + figure, _UNITS.get(unit, unit), pattern.decimals)
    if "over_capacity" in words and told.grams is None:  # what stands there instead of a figure is every maker's own
        told = Told(None)
    return told.also(*words)
