"""A label printer on a wire: bytes in, labels and status answers out, and hands that tear, open and load."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from firmware_sim.label.machine import Label, Mechanism
from firmware_sim.label.model import LabelModel, model_of
from firmware_sim.label.tspl import TsplPrinter
from firmware_sim.label.tspl_parser import AtOnce
from firmware_sim.label.zpl import ZplPrinter
from firmware_sim.wire import SimulatedDevice, Wire

FORMATS_UNTIL_FULL = 100
_SHOWN = 5


class LabelSim(SimulatedDevice):
    """One label printer.

    Attributes:
        mechanism: its sensors and the labels that came out.
        mute: prints, and answers nothing.
        questions: how often it was asked, by question.
    """

    def __init__(
        self,
        wire: Wire,
        language: Literal["zpl", "tspl"] = "zpl",
        profile: str = "normal",
        *,
        out_dir: Path | None = None,
        label_s: float = 0.02,
        model: LabelModel | None = None,
        on_label: Callable[[Label], None] | None = None,
    ) -> None:
        super().__init__(wire)
        self.model = model or model_of(language, profile)
        self.mechanism = Mechanism(out_dir, label_s, on_label)
        self.mute = not self.model.answers
        self.questions: Counter[str] = Counter()
        self.lost_bytes = 0
        self._at_once = AtOnce()
        self._zpl: ZplPrinter | None = None
        self._tspl: TsplPrinter | None = None
        if self.model.language == "zpl":
            self._zpl = ZplPrinter(self.model, self.mechanism.queue, self._obey)
        else:
            self._tspl = TsplPrinter(self.model, self.mechanism.queue)
        self._motor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Switch it on."""
        await super().start()
        self._motor = asyncio.create_task(self.mechanism.run(), name=f"label-sim:{self.address}")

    async def stop(self) -> None:
        """Switch it off."""
        if self._motor is not None:
            self._motor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._motor
        await super().stop()

    @property
    def labels(self) -> list[Label]:
        """The labels that came out, the last hundred."""
        return list(self.mechanism.labels)

    @property
    def unknown(self) -> Counter[str]:
        """Commands that it does not know."""
        printer = self._zpl or self._tspl
        return printer.unknown if printer is not None else Counter()

    # ── the wire ──

    def receive(self, data: bytes) -> None:
        """Take bytes; a full memory loses them where the model does."""
        room = self.model.buffer_bytes - self.mechanism.held_bytes
        if self.model.drops and room < len(data):
            self.lost_bytes += len(data) - max(0, room)
            data = data[: max(0, room)]
        if self._zpl is not None:
            self._zpl.feed(data)
        elif self._tspl is not None:
            # <ESC>! is obeyed before what came with it is worked through: the interrupt sees it first.
            for order in self._at_once.feed(data) if self.model.obeys_in_pictures else []:
                self._obey_tspl(order)
            self._tspl.feed(data)

    def _obey(self, word: str) -> None:
        self.questions[word] += 1
        match word:
            case "status":
                self._answer_status()
            case "identity":
                self._say(f"\x02{self.model.name},V1.0.0Z,{self.model.dots_per_mm},8176KB\x03\r\n".encode())
            case "cancel":
                self.mechanism.cancel()
            case "reset":
                self.mechanism.cancel()
                self.mechanism.set("paused", False)
            case "start" | "pause":
                self.mechanism.set("paused", word == "pause")
            case _:
                pass

    def _answer_status(self) -> None:
        seen = self.mechanism
        if self.model.silent_when_stopped and (seen.paper_out or seen.head_open or seen.ribbon_out):
            return
        formats = seen.formats - (0 if self.model.counts_current or not seen.formats else 1)
        full = formats >= FORMATS_UNTIL_FULL
        first = f"030,{seen.paper_out:d},{seen.paused:d},1216,{formats:03d},{full:d},0,0,000,0,0,{seen.hot:d}"
        second = f"001,0,{seen.head_open:d},{seen.ribbon_out:d},1,2,4,0,{seen.remaining:08d},1,000"
        self._say("".join(f"\x02{line}\x03\r\n" for line in (first, second, "1234,0")).encode())

    def _obey_tspl(self, order: str) -> None:
        self.questions[order] += 1
        seen = self.mechanism
        match order:
            case "?":
                bits = (
                    seen.head_open,
                    False,
                    seen.paper_out,
                    seen.ribbon_out,
                    seen.paused,
                    seen.burning,
                    False,
                    seen.hot,
                )
                self._say(bytes([sum(bit << place for place, bit in enumerate(bits))]))
            case "S" if self.model.line_status:
                self._say(b"\x02" + self._four_bytes() + b"\x03\r\n")
            case "R" | ".":
                seen.cancel()
                if self._tspl is not None and order == "R":
                    self._tspl.reset()
            case "P" | "O":
                seen.set("paused", order == "P")
            case "~T":
                self._say(f"{self.model.name}\r\n".encode())
            case "~@":
                self._say(f"{seen.printed}\r\n".encode())
            case "~F":
                seen.cancel()
            case _:
                pass

    def _four_bytes(self) -> bytes:
        seen = self.mechanism
        message = b"`" if seen.paused else b"E" if seen.stopped else b"P" if seen.formats else b"@"
        warning = 0x48 if seen.formats >= FORMATS_UNTIL_FULL else 0x40
        third = 0x40 | (0x01 if seen.hot else 0)
        fourth = 0x40 | (0x01 * seen.paper_out) | (0x04 * seen.ribbon_out) | (0x20 * seen.head_open)
        return message + bytes([warning, third, fourth])

    def _say(self, data: bytes) -> None:
        if not self.mute:
            self.wire.send(data)

    # ── hands ──

    def do(self, command: dict[str, Any]) -> None:
        """Carry out what a person does at the printer.

        ``{"paper": "out", "after": 3}`` ``{"paper": "load", "labels": 500}`` ``{"head": "open"|"close"}``
        ``{"ribbon": "out"|"load"}`` ``{"pause": true}`` ``{"hot": true}`` ``{"mute": true}`` ``{"label_s": 0.5}``
        ``{"power": "cycle"}``

        Raises:
            ValueError, KeyError, TypeError: it is none of these.
        """
        match command:
            case {"paper": "out"}:
                after = int(command.get("after", 0))
                self.mechanism.load(after)
            case {"paper": "load"}:
                labels = command.get("labels")
                self.mechanism.load(None if labels is None else int(labels))
            case {"head": "open" | "close" as word}:
                self.mechanism.set("head_open", word == "open")
            case {"ribbon": "out" | "load" as word}:
                self.mechanism.set("ribbon_out", word == "out")
            case {"pause": bool(on)}:
                self.mechanism.set("paused", on)
            case {"hot": bool(on)}:
                self.mechanism.set("hot", on)
            case {"mute": bool(on)}:
                self.mute = on
            case {"label_s": int(seconds) | float(seconds)} if 0 <= seconds <= 60:
                self.mechanism.label_s = float(seconds)
            case {"power": "cycle"}:
                self._forget()
            case _:
                raise ValueError(f"a label printer does not know {command}: see firmware_sim.label.server.LabelSim.do")

    def _forget(self) -> None:
        self.mechanism.cancel()
        for printer in (self._zpl, self._tspl):
            if printer is not None:
                printer.reset()

    def shows(self) -> dict[str, Any]:
        """Return what a person who stands before it sees: its lamps, and the last labels."""
        last = [
            {
                "number": label.number,
                "texts": list(label.texts),
                "codes": [code._asdict() for code in label.codes],
                "picture": str(label.file) if label.file else None,
            }
            for label in self.labels[-_SHOWN:]
        ]
        return {
            "model": self.model.name,
            "language": self.model.language,
            **self.mechanism.condition(),
            "mute": self.mute,
            "unknown": dict(self.unknown),
            "labels": last,
        }
