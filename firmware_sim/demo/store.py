"""One store of the demo: a real edge agent, its scanner, printer and camera as simulators on the real wire, and a line of its own."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.headquarters import run_once
from firmware_sim.chain.shopwire import module, shopwire
from firmware_sim.chain.wire import Wire
from firmware_sim.replay.basket import SourceBasket, edge_of, till_command

_READY_S = 30.0
_DEVICE_S = 20.0
_LOOK_S = 0.02
_RECONNECT_WITHIN_S = 2.0


class TillRefused(Exception):
    """The store's till said no; the message is its own."""


@dataclass(frozen=True)
class Sold:
    """One committed sale as the till told it, in cents."""

    sale_id: str
    receipt_no: int
    total_minor: int


@dataclass(frozen=True)
class Seen:
    """One thing that a device read and the till rang up; ``code`` is what was read."""

    code: str
    name: str
    net_minor: int


class DemoStore:
    """A store that can be sold in, cut off and ended; ``line_up`` is what was last done to its line."""

    def __init__(self, number: int, name: str, folder: Path, receipts: Path, *, lang: str) -> None:
        """Live in ``folder``; pictures of receipts go to ``receipts``."""
        self.number, self.name, self.edge = number, name, edge_of(number)
        self.folder, self.receipts_folder = folder, receipts
        self.line_up = True
        self.receipts: list[Path] = []
        self._data, logs = folder / "data", folder / "logs"
        self._settings = folder / "edge.toml"
        self._lang = "zh-CN" if lang == "zh" else "en"
        self._logs = logs
        link = folder / "scanner"
        self._scanner = Child("scanner", module("firmware_sim.scanner", "--link", str(link)), logs)
        paper = ("--out", str(self.receipts_folder), "--announce")
        self._printer = Child("printer", module("firmware_sim.printer", *paper), logs)
        self._agent = Child("edge", shopwire("edge", "run", "--config", str(self._settings)), logs)
        self._wire: Wire | None = None
        self._till: Till | None = None
        self._printed = asyncio.Event()

    async def plug_in(self, broker_port: int) -> None:
        """Start scanner, printer and line, and write the store's settings.

        Raises:
            ChildFailed: something did not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._wire = Wire(self.edge, "127.0.0.1", broker_port, self._logs)
        port, _, _ = await asyncio.gather(self._start_printer(), self._start_scanner(), self._wire.start())
        await asyncio.to_thread(self._write_settings, port, self._wire.port)

    async def open(self, code: str) -> None:
        """Enrol with a one-time code, start the agent, and wait until it can sell.

        Raises:
            ChildFailed: something did not start.
        """
        await run_once("enrol", shopwire("edge", "enrol", code, "--data-dir", str(self._data)), self._logs)
        await self._agent.start()
        await self._until_it_can_sell()

    async def close(self) -> None:
        """End everything of this store."""
        if self._till is not None:
            await self._till.hang_up()
        await self._agent.stop()
        ends = [self._scanner.stop(), self._printer.stop(), *([self._wire.stop()] if self._wire else [])]
        await asyncio.gather(*ends)

    def watched(self) -> list[Child]:
        """Return what must not end by itself."""
        return [self._agent, self._scanner, self._printer, *([self._wire.child] if self._wire else [])]

    async def sell(self, basket: SourceBasket) -> Sold:
        """Sell a basket of the source at the till."""
        return _sold(await self._ask("sell", basket=till_command(basket)["basket"]))

    async def scan(self, code: str) -> Seen:
        """Let the scanner read a code, and return what the till rang up for it."""
        before = len((await self._ask("basket"))["lines"])
        await self._scanner.tell(msgspec.json.encode({"scan": code, "aim": "]E0"}))
        await self._scanner.hear(_DEVICE_S)
        async with asyncio.timeout(_DEVICE_S):
            basket = await self._answer_when("basket", lambda basket: len(basket["lines"]) > before)
        line = basket["lines"][-1]
        return Seen(code, line.get("name", ""), line["net_minor"])

    async def look_at(self, picture: Path) -> Seen | None:
        """Show a photograph to the camera, and return what the till rang up; None when nothing can be read in it."""
        seen = await self._ask("photo", file=str(picture))
        if not seen["codes"]:
            return None
        line = seen["basket"]["lines"][-1]
        return Seen(seen["codes"][-1]["code"], line.get("name", ""), line["net_minor"])

    async def pay(self, kind: str) -> Sold:
        """Pay what is on the lane, exactly."""
        return _sold(await self._ask("pay", kind=kind))

    async def cut(self) -> None:
        """Cut the line between this store and headquarters' broker."""
        assert self._wire is not None  # noqa: S101 - open
        await self._wire.do("cut")
        self.line_up = False

    async def restore(self) -> None:
        """Let the line be whole again."""
        assert self._wire is not None  # noqa: S101 - open
        await self._wire.mend()
        self.line_up = True

    async def receipts_within(self, wanted: int, within_s: float = _DEVICE_S) -> int:
        """Return how many receipts have come out, as soon as there are ``wanted`` of them."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while len(self.receipts) < wanted:
                    self._printed.clear()
                    await self._printed.wait()
        return len(self.receipts)

    async def watch_printer(self) -> None:
        """Hear of every receipt that is cut, until the printer ends."""
        while (told := await self._printer.hear()) is not None:
            if told.get("image"):
                self.receipts.append(Path(told["image"]))
                self._printed.set()

    async def _start_printer(self) -> int:
        await self._printer.start()
        return int((await self._printer.hear_ready(_DEVICE_S))["port"])

    async def _start_scanner(self) -> None:
        await self._scanner.start()
        await self._scanner.hear_ready(_DEVICE_S)

    def _write_settings(self, printer_port: int, line_port: int) -> None:
        self._settings.write_text(
            f"""\
data_dir = "{self._data}"
language = "{self._lang}"
[link]
host = "127.0.0.1"
port = {line_port}
max_backoff_s = {_RECONNECT_WITHIN_S}
[[devices]]
device_id = "scanner-1"
kind = "scanner_serial"
address = "serial:{self.folder / "scanner"}"
[[devices]]
device_id = "printer-1"
kind = "printer_escpos"
address = "tcp:127.0.0.1:{printer_port}"
profile = "epson-80"
[[devices]]
device_id = "camera-1"
kind = "camera_file"
""",
            "utf-8",
        )

    async def _until_it_can_sell(self) -> None:
        try:
            async with asyncio.timeout(_READY_S):
                self._till = await Till.dial(self._data / "control.sock")
                await self._answer_when("status", _ready)
        except TimeoutError as error:
            raise ChildFailed(self._agent.name, f"cannot sell within {_READY_S:g} s", self._agent.log) from error

    async def _answer_when(self, word: str, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for _ in count():
            if right(answer := await self._ask(word)):
                return answer
            await asyncio.sleep(_LOOK_S)
        raise AssertionError("unreachable")

    async def _ask(self, word: str, **values: object) -> dict[str, Any]:
        assert self._till is not None  # noqa: S101 - open
        return await self._till.ask(word, **values)


class Till:
    """A connection to the control socket of a running agent: one JSON line out, one in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak over an open connection."""
        self._reader, self._writer = reader, writer
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def dial(cls, path: Path) -> "Till":
        """Connect as soon as the agent listens; the caller sets the deadline."""
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), _short(path) as near:
                return cls(*await asyncio.open_unix_connection(near))
            await asyncio.sleep(_LOOK_S)

    async def ask(self, word: str, /, **values: object) -> dict[str, Any]:
        """Return the till's answer.

        Raises:
            TillRefused: it said no.
        """
        async with self._one_at_a_time:
            self._writer.write(msgspec.json.encode({"do": word, **values}) + b"\n")
            await self._writer.drain()
            answer = msgspec.json.decode(await self._reader.readline(), type=dict[str, Any])
        if "ok" not in answer:
            raise TillRefused(answer.get("told") or f"{word}: {answer.get('error')}: {answer.get('message')}")
        told: dict[str, Any] = answer["ok"]
        return told

    async def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a name for a socket in a deep folder: the system's limit is 107 bytes."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _sold(answer: dict[str, Any]) -> Sold:
    return Sold(answer["sale_id"], answer["receipt_no"], answer["total_minor"])


def _ready(status: dict[str, Any]) -> bool:
    devices_work = all(device["health"] in {"ok", "degraded"} for device in status["devices"].values())
    return bool(status["stream"]["cursor"]) and devices_work
