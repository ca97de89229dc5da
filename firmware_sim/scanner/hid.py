"""A scanner that is a keyboard (device reference §3.1): key down, key up, one report each, as ``struct input_event`` of the kernel.

On a pseudo-terminal or FIFO the events carry times of their own, as typed at ``pace_s`` a character, and come at once.
"""

import struct
import time
from typing import Any

from firmware_sim.scanner.reading import CLONE_BUFFER, ScanningSim
from firmware_sim.wire import Wire

# KEY_* of linux/input-event-codes.h, by what the key types on a US keyboard.
_LETTERS = {
    "a": 30, "b": 48, "c": 46, "d": 32, "e": 18, "f": 33, "g": 34, "h": 35, "i": 23, "j": 36, "k": 37, "l": 38, "m": 50,
    "n": 49, "o": 24, "p": 25, "q": 16, "r": 19, "s": 31, "t": 20, "u": 22, "v": 47, "w": 17, "x": 45, "y": 21, "z": 44,
}  # fmt: skip
_PLAIN = _LETTERS | {
    "1": 2, "2": 3, "3": 4, "4": 5, "5": 6, "6": 7, "7": 8, "8": 9, "9": 10, "0": 11, "-": 12, "=": 13, "[": 26, "]": 27,
    ";": 39, "'": 40, "`": 41, "\\": 43, ",": 51, ".": 52, "/": 53, " ": 57,
}  # fmt: skip
_SHIFTED = {letter.upper(): key for letter, key in _LETTERS.items()} | {
    "!": 2, "@": 3, "#": 4, "$": 5, "%": 6, "^": 7, "&": 8, "*": 9, "(": 10, ")": 11, "_": 12, "+": 13, "{": 26, "}": 27,
    ":": 39, '"': 40, "~": 41, "|": 43, "<": 51, ">": 52, "?": 53,
}  # fmt: skip
_KEYPAD = {"7": 71, "8": 72, "9": 73, "4": 75, "5": 76, "6": 77, "1": 79, "2": 80, "3": 81, "0": 82}
KEYS = {
    "ctrl": 29,
    "shift": 42,
    "alt": 56,
    "meta": 125,
    "enter": 28,
    "tab": 15,
    "esc": 1,
    "caps": 58,
    "f8": 66,
    "kpenter": 96,
}
SUFFIXES = {"enter": 28, "tab": 15, "kpenter": 96, "none": 0}
_EV_SYN, _EV_KEY, _EV_MSC, _MSC_SCAN = 0, 1, 4, 4


class HidScannerSim(ScanningSim):
    """A scanner that types.

    Attributes:
        pace_s: from one character to the next.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        suffix: str = "enter",
        prefix: str = "",
        fnc1: str = "ctrl",
        keypad: bool = False,
        caps: bool = False,
        ids: bool = False,
        pace_s: float = 0.004,
        profile: str = "normal",
    ) -> None:
        """Choose how it types.

        Args:
            wire: where its events go.
            suffix: the key after a code: ``enter``, ``tab``, ``kpenter`` or ``none``.
            prefix: what it types before one.
            fnc1: how GS is typed: ``ctrl`` (Ctrl and ]), ``f8``, one character, or ``drop``.
            keypad: digits come from the keypad.
            caps: it presses caps lock before and after every code, and shifts the other way round in between.
            ids: it types AIM identifiers.
            pace_s: from one character to the next.
            profile: as of every scanner.
        """
        super().__init__(wire, profile)
        self.pace_s = pace_s
        self._suffix, self._prefix, self._fnc1, self._keypad, self._ids = SUFFIXES[suffix], prefix, fnc1, keypad, ids
        self._caps = caps
        self._at_s = 0.0

    def emit(self, data: str, aim: str) -> None:
        """Type a code."""
        text = self._prefix + (aim if self._ids and self.profile != "clone" else "") + data
        caps = self._stroke(KEYS["caps"]) if self._caps else b""
        events = (
            caps + b"".join(map(self._character, text[:CLONE_BUFFER] if self.profile == "garbage" else text)) + caps
        )
        self.wire.send(events + (self._stroke(self._suffix) if self._suffix else b""))
        self._at_s += 0.5  # nobody holds the next code before the window any sooner

    def type_by_hand(self, text: str, pace_s: float = 0.12) -> None:
        """Let a person type ``text`` and Enter."""
        pace_s, self.pace_s = self.pace_s, pace_s
        self.wire.send(b"".join(map(self._character, text)) + self._stroke(KEYS["enter"]))
        self.pace_s = pace_s
        self._at_s += 0.5

    def press(self, *names: str) -> None:
        """Press keys together, as a code with control characters makes a scanner do: ``press("ctrl", "r")``."""
        keys = [KEYS.get(name) or _PLAIN[name] for name in names]
        self.wire.send(
            b"".join(self._report(key, 1) for key in keys) + b"".join(self._report(key, 0) for key in keys[::-1])
        )

    def receive(self, data: bytes) -> None:
        """A keyboard takes nothing but its lamps' states."""

    def _character(self, character: str) -> bytes:
        if character == "\x1d":
            return self._separator()
        if self._keypad and character in _KEYPAD:
            return self._stroke(_KEYPAD[character])
        if character in _PLAIN or character in _SHIFTED:
            shift = character in _SHIFTED
            if self._caps and character.lower() in _LETTERS:
                shift = not shift
            return self._stroke(_SHIFTED.get(character) or _PLAIN[character], *([KEYS["shift"]] if shift else []))
        if ord(character) < 0x20:  # as BadBarcode shows: a control character becomes a combination with Ctrl
            return self._stroke(_PLAIN.get(chr(ord(character) + 0x60), KEYS["esc"]), KEYS["ctrl"])
        return self._by_number(character)

    def _separator(self) -> bytes:
        if self._fnc1 == "drop":
            return b""
        if self._fnc1 in ("ctrl", "f8"):
            return self._stroke(27, KEYS["ctrl"]) if self._fnc1 == "ctrl" else self._stroke(KEYS["f8"])
        return self._character(self._fnc1)

    def _by_number(self, character: str) -> bytes:
        """Type a character that no key has: Alt, and its bytes as a number on the keypad."""
        number = str(int.from_bytes(character.encode("gb18030"), "big"))
        keys = b"".join(self._stroke(_KEYPAD[digit]) for digit in number)
        return self._report(KEYS["alt"], 1) + keys + self._report(KEYS["alt"], 0)

    def _stroke(self, key: int, *held: int) -> bytes:
        self._at_s += self.pace_s
        keys = [*held, key]
        return b"".join(self._report(each, 1) for each in keys) + b"".join(self._report(each, 0) for each in keys[::-1])

    def _report(self, key: int, down: int) -> bytes:
        self._at_s = max(self._at_s, time.monotonic())
        whole, part = divmod(int(self._at_s * 1_000_000), 1_000_000)
        events = ((_EV_MSC, _MSC_SCAN, 0x70000 + key), (_EV_KEY, key, down), (_EV_SYN, 0, 0))
        return b"".join(struct.pack("@llHHi", whole, part, *event) for event in events)

    def do(self, command: dict[str, Any]) -> None:
        """The commands of every scanner, and ``{"type": "690…"}`` (by hand) and ``{"press": ["ctrl", "r"]}``."""
        match command:
            case {"type": str(text)}:
                self.type_by_hand(text)
            case {"press": list(names)}:
                self.press(*names)
            case _:
                super().do(command)
