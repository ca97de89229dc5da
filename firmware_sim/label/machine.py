"""The mechanism behind every language: labels wait, come out one by one, and stop for all the usual reasons."""

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from firmware_sim.label.symbols import Code

MAX_WAITING = 400
_KEPT = 100
_MARGIN = 24


@dataclasses.dataclass(frozen=True)
class Job:
    """One format, ready to be burnt ``copies`` times."""

    image: Image.Image
    copies: int
    texts: tuple[str, ...]
    codes: tuple[Code, ...]
    size_bytes: int = 0


@dataclasses.dataclass(frozen=True)
class Label:
    """One label that came out; ``file`` is its picture when pictures are kept."""

    number: int
    texts: tuple[str, ...]
    codes: tuple[Code, ...]
    image: Image.Image
    file: Path | None = None


class Mechanism:
    """Sensors, the labels that wait, and the motor.

    Attributes:
        paper_out, head_open, ribbon_out, paused, hot: what stops it.
        labels_left: on the roll, None: it never ends.
        label_s: how long one label takes.
        printed: how many came out since it was switched on; ``labels`` are the last of them.
        spoiled: labels that were cut off by the roll's end or an opened head; they are printed again by themselves.
    """

    def __init__(self, out_dir: Path | None, label_s: float, on_label: Callable[[Label], None] | None = None) -> None:
        self.paper_out = self.head_open = self.ribbon_out = self.paused = self.hot = False
        self.labels_left: int | None = None
        self.label_s = label_s
        self.printed = self.spoiled = self.dropped = 0
        self.labels: deque[Label] = deque(maxlen=_KEPT)
        self._out_dir, self._on_label = out_dir, on_label
        self._waiting: deque[Job] = deque()
        self._left_of_first = 0
        self._work, self._change = asyncio.Event(), asyncio.Event()
        self._burning = False
        self._files = 0
        if out_dir is not None:
            out_dir.mkdir(parents=True, exist_ok=True)
            # Numbers go on after those of an earlier run: nothing is overwritten.
            found = (path.stem.removeprefix("label-") for path in out_dir.glob("label-*.png"))
            self._files = max((int(number) for number in found if number.isdecimal()), default=0)

    @property
    def stopped(self) -> bool:
        """Whether something keeps it from printing."""
        return self.paper_out or self.head_open or self.ribbon_out or self.paused or self.hot

    @property
    def formats(self) -> int:
        """Formats that wait, the one being printed included."""
        return len(self._waiting)

    @property
    def remaining(self) -> int:
        """Labels of the present format that are still to come, the one under the head included."""
        return self._left_of_first

    @property
    def held_bytes(self) -> int:
        """What the formats that wait take of its memory."""
        return sum(job.size_bytes for job in self._waiting)

    @property
    def burning(self) -> bool:
        """Whether a label is under the head and moves."""
        return self._burning and not self.stopped

    def queue(self, job: Job) -> None:
        """Take one format; one too many is lost and counted."""
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        if not self._waiting:
            self._left_of_first = job.copies
        self._waiting.append(job)
        self._work.set()

    def cancel(self) -> None:
        """Forget every label that waits."""
        self._waiting.clear()
        self._left_of_first = 0
        self._touch()

    def set(self, sensor: str, value: bool) -> None:
        """Let a sensor see something else; what it stopped goes on where it was."""
        setattr(self, sensor, value)
        self._touch()

    def load(self, labels: int | None = None) -> None:
        """Put in a roll of ``labels``, None: one that never ends."""
        self.labels_left, self.paper_out = labels, labels == 0
        self._touch()

    def _touch(self) -> None:
        self._change.set()
        self._work.set()

    async def run(self) -> None:
        """Print until cancelled."""
        while True:
            if self.stopped or not self._waiting:
                self._work.clear()
                await self._work.wait()
                continue
            job = self._waiting[0]
            self._burning = True
            done = await self._burn()
            self._burning = False
            if not self._waiting or self._waiting[0] is not job:
                continue  # cancelled meanwhile
            if done:
                self._come_out(job)
            else:
                self.spoiled += 1

    async def _burn(self) -> bool:
        """Move one label under the head; False when something stopped it half-way."""
        self._change.clear()
        if self.labels_left == 0:
            self.set("paper_out", True)
            return False
        try:
            async with asyncio.timeout(self.label_s):
                while not self.stopped:
                    self._change.clear()
                    await self._change.wait()
            return False
        except TimeoutError:
            return True

    def _come_out(self, job: Job) -> None:
        self.printed += 1
        label = Label(self.printed, job.texts, job.codes, job.image, self._keep(job.image))
        self.labels.append(label)
        self._left_of_first -= 1
        if self._left_of_first <= 0:
            self._waiting.popleft()
            self._left_of_first = self._waiting[0].copies if self._waiting else 0
        if self.labels_left is not None:
            self.labels_left -= 1
        if self._on_label is not None:
            self._on_label(label)

    def _keep(self, image: Image.Image) -> Path | None:
        if self._out_dir is None:
            return None
        self._files += 1
        path = self._out_dir / f"label-{self._files:04d}.png"
        # Written aside and renamed: whoever watches the folder never opens half a picture.
        partial = path.with_suffix(".part")
        on_backing(image).save(partial, "PNG", optimize=True)
        return partial.rename(path)

    def condition(self) -> dict[str, Any]:
        """Return what a person at the printer sees of its state."""
        return {
            "paper": "out" if self.paper_out else "ok",
            "labels_left": self.labels_left,
            "head": "open" if self.head_open else "closed",
            "ribbon": "out" if self.ribbon_out else "ok",
            "paused": self.paused,
            "hot": self.hot,
            "moving": self.burning,
            "waiting": max(0, sum(job.copies for job in self._waiting) - self._done_of_first()),
            "printed": self.printed,
            "spoiled": self.spoiled,
        }

    def _done_of_first(self) -> int:
        return self._waiting[0].copies - self._left_of_first if self._waiting else 0


def on_backing(image: Image.Image) -> Image.Image:
    """Return the label on its backing paper, so that its edges are seen."""
    backing = Image.new("L", (image.width + 2 * _MARGIN, image.height + 2 * _MARGIN), 216)
    backing.paste(image, (_MARGIN, _MARGIN))
    return backing
