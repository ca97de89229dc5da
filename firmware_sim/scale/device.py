"""The whole scale: a platter, a voice, a wire, and what a person does to it and sees of it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from firmware_sim.scale.dialog06 import Dialog06
from firmware_sim.scale.physics import Platter, Sight
from firmware_sim.scale.voices import VOICES
from firmware_sim.scale.voices.cas import Cas
from firmware_sim.wire import SimulatedDevice, Wire

VOICE_NAMES = (*VOICES, "dialog06")
PROFILES = ("normal", "mute", "garbage")
COMMANDS = ("put", "take", "zero", "tare", "drift", "stuck", "unit", "bad_bcc", "restart", "profile", "price")
_PARITY = {"none": None, "even": 0, "odd": 1}


class ScaleSim(SimulatedDevice):
    """A simulated scale.

    Attributes:
        platter: the physics; tests may look into it.
        heard: bytes that arrived.
    """

    def __init__(
        self,
        wire: Wire,
        voice: str = "toledo8217",
        *,
        capacity_g: int = 15_000,
        division_g: int = 5,
        settle_s: float = 0.6,
        parity: str = "none",
        delay_s: float = 0.0,
        speak_every_s: float = 0.1,
        profile: str = "normal",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set it up.

        Args:
            wire: what it hangs on.
            voice: its protocol, one of ``VOICE_NAMES``.
            capacity_g: Max.
            division_g: e.
            settle_s: how long a new load swings.
            parity: ``even`` or ``odd``: real parity bits on a line of eight bits; characters that come without are not heard.
            delay_s: how long it thinks before every answer.
            speak_every_s: between two frames of a scale that talks by itself.
            profile: ``mute`` hears everything and says nothing, ``garbage`` spoils a byte in every answer.
            now: monotonic seconds.
        """
        super().__init__(wire)
        if voice not in VOICE_NAMES or profile not in PROFILES:
            raise ValueError(f"voice {voice!r} or profile {profile!r} is none of {', '.join(VOICE_NAMES + PROFILES)}")
        self.platter = Platter(capacity_g, division_g, settle_s)
        self.heard = 0
        self.profile = profile
        self._now, self._delay_s, self._speak_every_s = now, delay_s, speak_every_s
        self._odd = _PARITY[parity]
        make = Dialog06 if voice == "dialog06" else VOICES[voice]
        self.voice = make(self.platter, self.look, now)
        self._speaker: asyncio.Task[None] | None = None

    def look(self) -> Sight:
        """Read the cell now."""
        return self.platter.look(self._now())

    async def start(self) -> None:
        """Switch it on; zero is what lies there."""
        self.platter.switch_on()
        await super().start()
        self._speaker = asyncio.create_task(self._speak(), name=f"scale:{self.address}")

    async def stop(self) -> None:
        """Switch it off."""
        if self._speaker is not None:
            self._speaker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._speaker
        await super().stop()

    def receive(self, data: bytes) -> None:
        """Take bytes from the till."""
        self.heard += len(data)
        for answer in self._answers(data):
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._say, answer)
            else:
                self._say(answer)

    def do(self, command: dict[str, Any]) -> None:
        """Carry out one of ``COMMANDS``: ``{"put": 412}`` grams, ``{"take": true}``, ``{"zero": true}``, ``{"tare": 20}`` or true."""
        match command:
            case {"put": int(grams) | float(grams)}:
                self.platter.put(grams, self._now())
            case {"take": True}:
                self.platter.take(self._now())
            case {"zero": True}:
                self.platter.zero(self._now())
            case {"tare": bool() | int() as grams}:
                self.platter.tare(self._now(), None if grams is True else int(grams))
            case {"drift": int(grams) | float(grams)}:
                self.platter.drift(grams)
            case {"stuck": bool(stuck)}:
                self.platter.stuck = stuck
            case {"unit": "kg" | "lb" as unit}:
                self.voice.unit = unit
            case {"bad_bcc": int(count)}:
                self.voice.spoil = count
            case {"price": int(minor)} if isinstance(self.voice, Cas) and 0 <= minor <= 9_999_999:
                self.voice.price_minor = minor
            case {"restart": True}:
                self.platter.switch_on()
            case {"profile": str(profile)} if profile in PROFILES:
                self.profile = profile
            case _:
                raise ValueError(f"unknown command {command}: one of {', '.join(COMMANDS)}, or fault")

    def shows(self) -> dict[str, Any]:
        """Return what stands on its display, which lamps are lit, and what truly lies there."""
        sight = self.look()
        shown: dict[str, Any] = {
            "display": self._display(sight),
            "weight_g": sight.shown_g,
            "lamps": {"zero": sight.at_zero, "net": sight.net, "stable": not sight.moving},
            "on_platter_g": round(self.platter.load_g),
        }
        if isinstance(self.voice, Dialog06):
            shown |= {"unit_price_minor": self.voice.asked_price_minor, "amount_minor": self.voice.amount_minor}
        if isinstance(self.voice, Cas) and self.voice.price_minor:
            shown |= {"unit_price_minor": self.voice.price_minor}
        return shown

    def _display(self, sight: Sight) -> str:
        if sight.over:
            return "¯¯¯¯¯¯"
        if sight.zero_error:
            return "------"
        if self.voice.unit == "lb":
            return f"{sight.shown_g / 453.59237:.2f} lb"
        return f"{sight.shown_g / 1000:.3f} kg"

    def _answers(self, data: bytes) -> Iterable[bytes]:
        if self._odd is not None:
            data = bytes(byte & 0x7F for byte in data if byte.bit_count() % 2 == self._odd)
        return self.voice.hear(data)

    def _say(self, answer: bytes) -> None:
        if self.profile == "mute" or not answer:
            return
        if self.profile == "garbage":
            answer = answer[:1] + bytes([answer[-1] ^ 0x2A]) + answer[2:]
        if self._odd is not None:
            answer = bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 ^ self._odd << 7 for byte in answer)
        self.wire.send(answer)

    async def _speak(self) -> None:
        while True:
            if not self.wire.faults()["frozen"]:  # a scale keeps no readings for later
                self._say(self.voice.speak())
            await asyncio.sleep(self._speak_every_s)
