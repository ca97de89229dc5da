"""Key events of a keyboard scanner into codes: no I/O, no clock but the one in the events, blind to how the bytes are cut.

One ``struct input_event`` of the kernel an event: seconds, microseconds, type, code, value; 24 bytes, 16 where a long has 32 bits.
"""

import enum

import msgspec

from devices.errors import GarbledFrame
from devices.meaning import Meaning
from devices.reading import MAX_CODE_BYTES, Code, Refusal, code_of, meaning_of, split_aim
from devices.scanner_hid import keymap
from devices.transport.evdev import EVENT

SYN, KEY, LED = 0x00, 0x01, 0x11
SYN_DROPPED, LED_CAPS = 3, 1
_LAST_KIND = 0x1F
_UP, _DOWN = 0, 1
_GS = b"\x1d"
FEWEST_CHARACTERS = 3


class End(enum.Enum):
    """What ends a code. ``ANY``: Enter, the keypad's Enter or Tab; ``NONE``: silence."""

    ANY = "any"
    ENTER = "enter"
    TAB = "tab"
    NONE = "none"


_ENDS: dict[End, frozenset[int]] = {
    End.ANY: frozenset({keymap.ENTER, keymap.KEYPAD_ENTER, keymap.TAB}),
    End.ENTER: frozenset({keymap.ENTER, keymap.KEYPAD_ENTER}),
    End.TAB: frozenset({keymap.TAB}),
    End.NONE: frozenset(),
}


class Typing(msgspec.Struct, frozen=True):
    """How a scanner types, and how people do.

    Attributes:
        suffix: the key that ends a code.
        prefix: what it types before every code.
        fnc1: what it types for FNC1: ``ctrl`` (Ctrl and ]), a function key (``F8``), one character (``|``), or nothing.
        idle_s: silence that ends a code when no key does.
        stale_s: silence after which half a code is dropped.
        human_s: a code whose keys come slower than this, on average, was typed by a person.
        people: what people type is taken, as ]X0, and not refused.
    """

    suffix: End = End.ANY
    prefix: str = ""
    fnc1: str = "ctrl"
    idle_s: float = 0.1
    stale_s: float = 0.3
    human_s: float = 0.035
    people: bool = False


class KeyDecoder:
    """Follows modifiers and collects characters; feed it any chunks of events."""

    def __init__(self, typing: Typing | None = None) -> None:
        self._typing = typing or Typing()
        self._ends = _ENDS[self._typing.suffix]
        self._fnc1_key = keymap.FUNCTION_KEYS.get(self._typing.fnc1, -1)
        self._rest = b""
        self._held: set[int] = set()
        self._caps = False
        self._alt_digits = ""
        self._in_noise = False
        self._forget()

    @property
    def pending(self) -> bool:
        """Whether part of a code is waiting for its end."""
        return bool(self._text) or self._spoilt != ""

    def feed(self, data: bytes) -> list[Code | Refusal]:
        """Take a chunk of events and return what they complete."""
        data = self._rest + data
        found: list[Code | Refusal] = []
        at = 0
        while at + EVENT.size <= len(data):
            seconds, micros, kind, code, value = EVENT.unpack_from(data, at)
            if 0 <= micros < 1_000_000 and kind <= _LAST_KIND:
                self._in_noise = False
                found += self._event(seconds + micros / 1e6, kind, code, value)
                at += EVENT.size
            else:  # never from the kernel, which gives whole events; whatever stands for it may be torn
                found += self._pass_over()
                at += 1
        self._rest = data[at:]
        return found

    def silence(self) -> list[Code | Refusal]:
        """Tell that nothing came for a while: ends a code without a terminator, drops half of one with it."""
        return self._finish() if self._typing.suffix is End.NONE else self._drop("half_frame")

    def _pass_over(self) -> list[Code | Refusal]:
        """Pass one byte over; what stands before it is half a code, and what comes after may lack its beginning."""
        already, self._in_noise = self._in_noise, True
        found = [] if already else self._drop("half_frame")
        self._spoilt = "noise"
        return found

    def _forget(self) -> None:
        self._text = bytearray()
        self._keys = 0
        self._spoilt = ""
        self._began_s = self._last_s = 0.0

    def _event(self, at_s: float, kind: int, code: int, value: int) -> list[Code | Refusal]:
        if kind == KEY and value in (_UP, _DOWN):  # 2 is a key that is held down: a scanner holds none
            return self._pressed(at_s, code) if value == _DOWN else self._released(code)
        if kind == LED and code == LED_CAPS:
            self._caps = bool(value)
        elif kind == SYN and code == SYN_DROPPED:
            self._held.clear()  # the kernel's buffer ran over: keys are missing, and so may be releases
            return self._drop("overrun")
        return []

    def _pressed(self, at_s: float, key: int) -> list[Code | Refusal]:
        found = self._after_a_pause(at_s)
        if key in keymap.SHIFTS | keymap.CTRLS | keymap.ALTS | keymap.METAS:
            self._held.add(key)
        elif key == keymap.CAPS_LOCK:
            self._caps = not self._caps
        elif key in self._ends and not self._held & (keymap.CTRLS | keymap.ALTS | keymap.METAS):
            found += self._finish()
        elif key not in keymap.SILENT:
            self._typed(at_s, key)
        return found

    def _released(self, key: int) -> list[Code | Refusal]:
        self._held.discard(key)
        if key in keymap.ALTS and self._alt_digits:
            number, self._alt_digits = int(self._alt_digits), ""
            # Alt and a number on the keypad: one byte of the character set, or the two of a Chinese character
            self._add(number.to_bytes(2 if number > 0xFF else 1, "big") if number <= 0xFFFF else b"\x00")
        return []

    def _after_a_pause(self, at_s: float) -> list[Code | Refusal]:
        """End or drop what stands since before a pause; the events' own times tell, so it matters not when we read them."""
        pause_s = at_s - self._last_s
        if not self.pending or pause_s < 0 or self._spoilt == "noise":  # after noise nobody knows where a code begins
            return []
        if self._typing.suffix is End.NONE:
            return self._finish() if pause_s > self._typing.idle_s else []
        return self._drop("half_frame") if pause_s > self._typing.stale_s else []

    def _typed(self, at_s: float, key: int) -> None:
        if self._keys == 0:
            self._began_s = at_s
        self._keys += 1
        self._last_s = at_s
        if self._held & keymap.ALTS and key in keymap.KEYPAD and keymap.KEYPAD[key].isdigit():
            self._alt_digits = (self._alt_digits + keymap.KEYPAD[key])[:6]
        else:
            self._add(self._character(key))

    def _character(self, key: int) -> bytes:
        """Return what a key types; a combination that would command something is a control character."""
        if key == self._fnc1_key:
            return _GS
        if self._held & (keymap.CTRLS | keymap.ALTS | keymap.METAS):
            is_fnc1 = self._typing.fnc1 == "ctrl" and key == keymap.RIGHT_BRACE and self._held <= keymap.CTRLS
            return _GS if is_fnc1 else b"\x00"
        shifted = bool(self._held & keymap.SHIFTS)
        plain = keymap.PLAIN.get(key, "")
        if self._caps and plain.isalpha():
            shifted = not shifted
        character = (keymap.SHIFTED.get(key, "") if shifted else plain) or keymap.KEYPAD.get(key, "")
        if character and character == self._typing.fnc1:
            return _GS
        return character.encode("ascii") or b"\x00"

    def _add(self, typed: bytes) -> None:
        if typed == b"\x00":
            self._spoilt = self._spoilt or "control_character"
        elif len(self._text) + len(typed) > MAX_CODE_BYTES + len(self._typing.prefix):
            self._spoilt = self._spoilt or "too_long"
        else:
            self._text += typed

    def _drop(self, reason: str) -> list[Code | Refusal]:
        size, pending = len(self._text), self.pending
        reason = "noise" if self._spoilt == "noise" else reason
        self._alt_digits = ""
        self._forget()
        return [Refusal(reason, size)] if pending else []

    def _finish(self) -> list[Code | Refusal]:
        if not self.pending:
            return []
        text, spoilt, by_hand = bytes(self._text), self._spoilt, self._by_hand()
        self._forget()
        if spoilt or (by_hand and not self._typing.people):
            return [Refusal(spoilt or "typed", len(text))]
        try:
            return [self._code(text, by_hand=by_hand)]
        except GarbledFrame as garbled:
            return [Refusal(garbled.reason, len(text))]

    def _by_hand(self) -> bool:
        if self._keys < FEWEST_CHARACTERS:
            return True
        return (self._last_s - self._began_s) / (self._keys - 1) > self._typing.human_s

    def _code(self, text: bytes, *, by_hand: bool) -> Code:
        if by_hand:
            return code_of(text, "]X0")
        prefix = self._typing.prefix.encode()
        if not text.startswith(prefix):
            raise GarbledFrame("prefix_missing", text)
        symbology, body = split_aim(text[len(prefix) :])
        return code_of(body, symbology)


def explain(data: bytes) -> list[Meaning]:
    """Return what key events type; the end of ``data`` ends the last code."""
    decoder = KeyDecoder(Typing(people=True, stale_s=60.0))
    rest = len(data) % EVENT.size
    found = decoder.feed(data) + decoder.silence()
    cut = [Meaning(f"{rest} bytes are no whole event", {"bytes": rest})] if rest else []
    return [*map(meaning_of, found), *cut] or (
        [Meaning("events that type nothing", {"bytes": len(data)})] if data else []
    )
