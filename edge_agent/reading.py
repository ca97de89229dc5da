"""What scanners and cameras read goes to the lane."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Any, cast

from devices.errors import DeviceError
from devices.ports import LiveCamera, Scan, Scanner
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.control import Ask
from edge_agent.errors import EdgeError
from edge_agent.features import Word, Work
from edge_agent.lanes import Lane

BEEP_S = 5.0
PICTURE_S = 20.0
"""Longer than any picture within the limits takes."""


class NoCamera(EdgeError):
    """A picture came, and no camera is configured."""

    def __init__(self) -> None:
        super().__init__("no camera is configured: add a [[devices]] entry of kind camera_file")


class Reading:
    """Takes scans as they come, and pictures when it is given one."""

    def __init__(self, attached: Attached, lane: Lane) -> None:
        self._attached, self._lane = attached, lane

    @property
    def words(self) -> Mapping[str, Word]:
        """``photo``: ring up every code in a picture file."""
        return {"photo": self._photo}

    def work(self) -> Work:
        """Return two tasks a scanner: its scans, and the bad beeps for what was not taken, which no scan waits for."""
        work: dict[str, Coroutine[Any, Any, None]] = {}
        for scanner in self._attached.scanners:
            refused = asyncio.Event()
            work[f"scans:{scanner.device_id}"] = self._take_scans(scanner, refused)
            work[f"beeps:{scanner.device_id}"] = self._complain(scanner, refused)
        return work

    async def finish(self) -> None:
        """Nothing is open: a scan is rung up or it is not."""

    async def read_picture(self, picture: Path) -> list[dict[str, Any]]:
        """Return the codes in a picture file.

        Raises:
            NoCamera, EdgeError: it cannot be read.
        """
        camera = next(iter(self._attached.cameras), None)
        if camera is None:
            raise NoCamera
        if await asyncio.to_thread(_would_wait, picture):
            raise EdgeError(f"{picture} is no file: give a picture")
        try:
            scans = await camera.ask(lambda each: each.read(picture), PICTURE_S)
        except DeviceError as error:
            raise EdgeError(str(error)) from error
        return [{"code": scan.data, "aim": scan.symbology} for scan in scans]

    async def _photo(self, ask: Ask) -> dict[str, Any]:
        codes = await self.read_picture(Path(str(ask["file"])))
        basket: dict[str, Any] = {}
        for code in codes:
            basket = await self._lane.words["scan"](code)
        return {"codes": codes, "basket": basket}

    async def _take_scans(self, scanner: Bay[Scanner], refused: asyncio.Event) -> None:
        async for read in scanner.stream(self._listen):
            if not await self._lane.scanned(read):
                refused.set()

    def _listen(self, scanner: Scanner) -> AsyncIterator[Scan]:
        # A live camera: of two texts that it may have read, the article is the likelier one.
        if hasattr(scanner, "ask_known"):
            cast(LiveCamera, scanner).ask_known(self._lane.knows)
        return aiter(scanner)

    async def _complain(self, scanner: Bay[Scanner], refused: asyncio.Event) -> None:
        while True:
            await refused.wait()
            refused.clear()
            with contextlib.suppress(DeviceError):  # it was lost since; the till has told the cashier as well
                if scanner.peek(lambda each: each.can.beep, otherwise=False):
                    await scanner.ask(lambda each: each.beep(good=False), BEEP_S)


def _would_wait(picture: Path) -> bool:
    """Whether reading may never end: a pipe or a device would keep its thread. What is not there says so when it is opened."""
    try:
        return picture.exists() and not (picture.is_file() or picture.is_dir())
    except OSError:  # a folder that may not be looked into
        return False
