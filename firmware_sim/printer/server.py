"""The printer on the network: one client, a small receive buffer, real-time commands, and faults on demand."""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_sim.printer.condition import Condition
from firmware_sim.printer.engine import Engine
from firmware_sim.printer.fonts import find_font
from firmware_sim.printer.model import PROFILES, PrinterModel
from firmware_sim.printer.paper import Paper, Receipt
from firmware_sim.printer.realtime import CLEAR_BUFFERS, RealTimeScanner, Request

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READ_BYTES = 512
_GOODBYE_S = 0.2


class PrinterSim:
    """An ESC/POS printer on a loopback port; an async context manager.

    Attributes:
        condition: its sensors; change them through the methods, which tell the host.
        lines_per_s: printing speed, None for as fast as can be.
        mute: answers nothing, prints all the same.
        refused_clients: how many were turned away because another was connected.
    """

    def __init__(
        self,
        *,
        out_dir: Path | None = None,
        port: int = 0,
        model: str | PrinterModel = "epson-80",
        lines_per_s: float | None = None,
        draw: bool = True,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> None:
        """Choose the model; pictures are drawn only when there is an ``out_dir`` to keep them.

        Raises:
            FontMissing: pictures are wanted and no font with Chinese glyphs is installed.
        """
        self._model = PROFILES[model] if isinstance(model, str) else model
        if draw and out_dir is not None:
            find_font()
        self._paper = Paper(self._model.dots, self._model.paper_dots, out_dir, draw=draw, on_receipt=on_receipt)
        self.condition = Condition()
        self.lines_per_s = lines_per_s
        self.mute = not self._model.answers
        self.refused_clients = 0
        self._engine = Engine(self._model, self._paper, self.condition, self._reply)
        self._port = port
        self._powered = True
        self._jammed = False
        self._client: asyncio.StreamWriter | None = None
        self._work, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._alone = asyncio.Event()
        self._alone.set()
        self._lines_until_paper_end: int | None = None
        self._bytes_until_drop: int | None = None
        self._life = contextlib.AsyncExitStack()

    # ── what a person can see ──

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._port

    @property
    def receipts(self) -> deque[Receipt]:
        """The receipts cut so far (the last 500)."""
        return self._paper.receipts

    @property
    def paper_text(self) -> str:
        """What has been printed since the last cut."""
        return self._paper.text

    @property
    def drawer_pulses(self) -> list[int]:
        """The connector pins that got a pulse, in order."""
        return self._engine.drawer_pulses

    @property
    def unknown(self) -> list[bytes]:
        """Bytes that began no command."""
        return self._engine.unknown

    @property
    def cuts(self) -> int:
        """How often the cutter has moved."""
        return self._engine.cuts

    @property
    def lines_printed(self) -> int:
        """Lines printed since power-on."""
        return self._engine.lines_printed

    @property
    def buffered_bytes(self) -> int:
        """Bytes received and not yet printed."""
        return len(self._engine.parser)

    # ── life ──

    async def __aenter__(self) -> Self:
        """Switch on and listen."""
        listener = self._life.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # a small machine: the host shall feel it
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        server = await asyncio.start_server(self._serve, sock=listener, limit=_READ_BYTES)
        self._life.callback(server.close)
        self._life.callback(self._hang_up)
        tasks = await self._life.enter_async_context(asyncio.TaskGroup())
        printing = tasks.create_task(self._print(), name=f"printer-sim:{self._port}")
        self._life.callback(printing.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch off; what stands on the paper becomes the last receipt."""
        self._engine.finish()
        # Closed as if all were well: an error of the caller's block shall reach him as it is, not in a group.
        await self._life.aclose()

    # ── faults ──

    def run_out_of_paper(self, after_lines: int = 0) -> None:
        """Let the roll end after ``after_lines`` more lines."""
        self._lines_until_paper_end = after_lines
        self._count_paper(0)

    def load_paper(self) -> None:
        """Put in a new roll: printing goes on where it stopped."""
        self._lines_until_paper_end = None
        with self._watching():
            self.condition.paper_end = self.condition.near_end = False

    def set_near_end(self, near: bool = True) -> None:
        """Let the near-end sensor see the roll's core."""
        with self._watching():
            self.condition.near_end = near

    def open_cover(self) -> None:
        """Open the cover: printing stops."""
        with self._watching():
            self.condition.cover_open = True

    def close_cover(self) -> None:
        """Close the cover: printing goes on."""
        with self._watching():
            self.condition.cover_open = False

    def jam_cutter(self, jammed: bool = True) -> None:
        """Jam the cutter, or clear the jam; the error stays until the host sends DLE ENQ."""
        self._jammed = jammed
        if jammed:
            with self._watching():
                self.condition.cutter_error = True

    def drop_connection(self, after_bytes: int = 0) -> None:
        """Reset the connection once ``after_bytes`` more bytes have come; they are printed all the same."""
        self._bytes_until_drop = after_bytes
        if not after_bytes:
            self._hang_up()

    def power_off(self) -> None:
        """Pull the plug: buffers are lost, connections reset, new ones too."""
        self._powered = False
        self._hang_up()
        self._engine.parser.clear()

    def power_on(self) -> None:
        """Plug it in again."""
        self._powered = True
        self._work.set()

    # ── the network ──

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._powered or not await self._free():
            self.refused_clients += 1
            _reset(writer)
            return
        self._client = writer
        self._alone.clear()
        try:
            await self._receive(reader)
        except OSError:
            pass  # the host reset the connection: what it sent stays in the buffer, as on a real printer
        finally:
            if self._client is writer:
                self._client = None
                self._engine.asb_mask = 0
            self._alone.set()
            writer.close()

    async def _free(self) -> bool:
        """Whether no other client is connected, once the goodbye of the last one has been read."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._alone.wait()
        return self._client is None and self._powered

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        real_time = RealTimeScanner()
        while True:
            await self._room.wait()
            data = await reader.read(_READ_BYTES)
            if not data:
                return
            self._engine.parser.feed(data)
            for request in real_time.feed(data):
                self._answer_now(request)
            self._work.set()
            if self.buffered_bytes >= self._model.buffer_bytes:
                self._room.clear()
            self._count_drop(len(data))

    def _count_drop(self, size: int) -> None:
        if self._bytes_until_drop is not None:
            self._bytes_until_drop -= size
            if self._bytes_until_drop <= 0:
                self._bytes_until_drop = None
                self._hang_up()

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _reset(client)

    def _reply(self, data: bytes) -> None:
        if self._client is not None and not self.mute:
            self._client.write(data)

    # ── the mechanism ──

    async def _print(self) -> None:
        while True:
            command = self._engine.parser.next() if self._can_print() else None
            if command is None:
                if self._can_print():
                    self._room.set()  # the front of a picture larger than the buffer waits for its rest
                self._work.clear()
                await self._work.wait()
                continue
            lines = self._engine.execute(command)
            if self.buffered_bytes < self._model.buffer_bytes:
                self._room.set()
            self._count_paper(lines)
            await asyncio.sleep(lines / self.lines_per_s if self.lines_per_s else 0)

    def _can_print(self) -> bool:
        return self._powered and not self.condition.offline

    def _count_paper(self, lines: int) -> None:
        if self._lines_until_paper_end is not None:
            self._lines_until_paper_end -= lines
            if self._lines_until_paper_end <= 0 and not self.condition.paper_end:
                with self._watching():
                    self.condition.paper_end = True

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        """Send an automatic status message if a watched item changes within the block."""
        before = self.condition.watched(self._engine.asb_mask)
        yield
        if self.condition.watched(self._engine.asb_mask) != before:
            self._reply(self.condition.automatic())
        self._work.set()

    def _answer_now(self, request: Request) -> None:
        match request.kind, request.args:
            case "EOT", args:
                status = self.condition.real_time(args[0])
                if status is not None:
                    self._reply(bytes([status]))
            case "ENQ", args if args[0] in (1, 2):
                self._recover(clear=args[0] == 2)
            case "DC4", args if args[0] == 1:
                if self._engine.pulse_enabled and not self.condition.error:
                    self._engine.pulse(5 if args[1] == 1 else 2)
            case "DC4", args if args == CLEAR_BUFFERS and "DLE DC4" not in self._model.unsupported:
                self._engine.parser.clear()
                self._recover(clear=True)
                self._reply(b"\x37\x25\x00")

    def _recover(self, *, clear: bool) -> None:
        if not self.condition.error or self._jammed:
            return  # ignored without a recoverable error, and while its cause is still there
        if clear:
            self._engine.parser.clear()
        with self._watching():
            self.condition.cutter_error = False


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
