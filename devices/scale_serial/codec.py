"""What all serial scale protocols share: frames cut from a stream, what a frame tells, one conversation. No I/O, no clock.

A protocol is a ``Language``: how frames are cut, what one tells, what is said to ask. ``protocols/`` has one file for each.
"""

from collections.abc import Callable
from typing import NamedTuple

from devices.framing import SEVEN_BITS, Cutter
from devices.meaning import Meaning
from devices.ports.scale import NotReady, Reason, Stable
from domain.quantity import divide, format_quantity

ACK, NAK, ENQ, DC1, DC2 = 0x06, 0x15, 0x05, 0x11, 0x12

REASONS = {
    "faulty_calibration": Reason.FAULT,
    "ram_error": Reason.FAULT,
    "rom_error": Reason.FAULT,
    "eeprom_error": Reason.FAULT,
    "bad_bcc": Reason.GARBLED,
    "no_frame": Reason.GARBLED,
    "unknown_command": Reason.REFUSED,
    "unit_lb": Reason.WRONG_UNIT,
    "unit_oz": Reason.WRONG_UNIT,
    "unit_jin": Reason.WRONG_UNIT,
    "unit_other": Reason.WRONG_UNIT,
    "over_capacity": Reason.OVER_CAPACITY,
    "under_zero": Reason.UNDER_ZERO,
    "initial_zero_error": Reason.ZERO_ERROR,
    "outside_zero_capture": Reason.ZERO_ERROR,
    "overload_or_startup_zero": Reason.ZERO_ERROR,
    "not_ready": Reason.MOVING,
    "in_motion": Reason.MOVING,
}
"""Status words that stand in the way of a sale, the gravest first; words that are not here (``net``, ``at_zero``) do not."""

_GRAMS = {"kg": 1000, "g": 1}
_FOREIGN = {"lb": "unit_lb", "oz": "unit_oz", "斤": "unit_jin", "jin": "unit_jin"}


class Told(NamedTuple):
    """What one frame tells: the figure, if there is one, and status words; of a scale that works it out, unit price and amount as well."""

    grams: int | None
    status: tuple[str, ...] = ()
    unit_price_minor: int | None = None
    amount_minor: int | None = None

    def also(self, *words: str) -> "Told":
        """Return the same with further status words."""
        return self._replace(status=(*self.status, *words))

    @property
    def gravest(self) -> str | None:
        """The word that a person must do something about first, None when the weight may be believed."""
        return next((word for word in REASONS if word in self.status), None)


class Send(NamedTuple):
    """Bytes to be sent to the scale before it goes on."""

    data: bytes


class Done(NamedTuple):
    """The scale has taken a command and says nothing of a weight."""

    net: bool


Event = Stable | NotReady | Send | Done


class Language(NamedTuple):
    """One protocol.

    Attributes:
        cutter: makes the cutter of its frames.
        tell: what a frame means, given the frame before it; None for one that means nothing yet.
        question: asks for a weight; empty when the scale talks without being asked.
        begin: said once when the line is open (mode switches).
        prices: it works an amount out, from a price that is typed on it.
        zero, tare, clear_tare: the commands, empty when there is none; ``preset`` makes that of a known tare in grams.
        seven_bits: the eighth bit is parity, or nothing.
    """

    cutter: Callable[[], Cutter]
    tell: Callable[[bytes, bytes], Told | Send | None]
    question: bytes = b""
    begin: bytes = b""
    zero: bytes = b""
    tare: bytes = b""
    clear_tare: bytes = b""
    preset: Callable[[int], bytes] | None = None
    seven_bits: bool = False
    prices: bool = False


class Conversation:
    """One talk with a scale; feed it any chunks."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._cutter = language.cutter()
        self._before = b""

    @property
    def skipped(self) -> int:
        """How many bytes belonged to no frame."""
        return self._cutter.skipped

    def ask(self) -> bytes:
        """Begin a question: half an answer to the one before is forgotten."""
        self._cutter.reset()
        self._before = b""
        return self.language.question

    def feed(self, data: bytes) -> list[Event]:
        """Return what the frames in ``data`` mean, and what has to be sent."""
        if self.language.seven_bits:
            data = data.translate(SEVEN_BITS)
        events: list[Event] = []
        for frame in self._cutter.feed(data):
            told, self._before = self.language.tell(frame, self._before), frame
            if isinstance(told, Told):
                events.append(reading_of(told))
            elif told is not None:
                events.append(told)
        return events


def reading_of(told: Told) -> Stable | NotReady | Done:
    """Return what may be done with what a frame tells."""
    net, word = "net" in told.status, told.gravest
    if word is not None:
        return NotReady(REASONS[word], told.grams, net)
    return Done(net) if told.grams is None else Stable(told.grams, net, told.amount_minor)


def grams_of(figure: str, unit: str, decimals: int | None = None) -> Told:
    """Return a figure in ``unit`` as grams, rounded half away from zero where a scale shows less than a gram.

    Args:
        figure: digits, at most one point, a sign, blanks anywhere.
        unit: ``kg`` or ``g`` in any case; every other is told as one that must not be sold by.
        decimals: where the point stands in a figure without one.
    """
    figure = figure.replace(" ", "")
    unit = unit.strip().lower()
    digits = figure.lstrip("+-")
    whole, point, rest = digits.partition(".")
    if not (whole + rest).isascii() or not (whole + rest).isdigit() or len(digits) > 12:
        return Told(None, ("no_frame",))
    if unit not in _GRAMS:
        return Told(None, (_FOREIGN.get(unit, "unit_other"),))
    places = len(rest) if point else decimals or 0
    grams = divide(int(whole + rest) * _GRAMS[unit], 10**places)
    return Told(-grams, ("under_zero",)) if figure.startswith("-") and grams else Told(grams)


def explained(language: Language, data: bytes) -> list[Meaning]:
    """Return what a scale's bytes mean, frame by frame, for ``shopwire devices decode``."""
    cutter, meanings, before = language.cutter(), [], b""
    for frame in cutter.feed(data.translate(SEVEN_BITS) if language.seven_bits else data):
        told, before = language.tell(frame, before), frame
        if isinstance(told, Told):
            meanings.append(_meaning(told))
        elif told is not None:
            meanings.append(Meaning(f"to be answered with {told.data.hex(' ')}", {"send": told.data.hex(" ")}))
    if cutter.skipped:
        meanings.append(Meaning(f"{cutter.skipped} bytes belong to no frame", {"skipped": cutter.skipped}))
    return meanings


def _meaning(told: Told) -> Meaning:
    fields: dict[str, str | int | bool] = {}
    said = []
    if told.grams is not None:
        fields |= {"weight_g": told.grams, "stable": told.gravest is None, "net": "net" in told.status}
        said.append(f"{format_quantity(told.grams)} kg{_price(told, fields)}")
    if told.gravest is not None:
        fields["reason"] = REASONS[told.gravest].value
    if told.status:
        fields["status"] = "+".join(told.status)
        said.append(", ".join(word.replace("_", " ") for word in told.status))
    return Meaning(": ".join(said) or "done", fields)


def _price(told: Told, fields: dict[str, str | int | bool]) -> str:
    if told.amount_minor is None or told.unit_price_minor is None:
        return ""
    fields |= {"amount_minor": told.amount_minor, "unit_price_minor": told.unit_price_minor}
    return f" at {told.unit_price_minor} makes {told.amount_minor}"
