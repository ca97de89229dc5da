"""The printer as a machine: a small receive buffer, real-time commands, sensors, a drawer, and faults on demand."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware_sim.printer import hands
from firmware_sim.printer.album import Album
from firmware_sim.printer.buffer import ReceiveBuffer
from firmware_sim.printer.condition import Condition
from firmware_sim.printer.drawer import Drawer
from firmware_sim.printer.engine import Engine
from firmware_sim.printer.fonts import find_font
from firmware_sim.printer.lines import PrinterTcp, break_off
from firmware_sim.printer.model import PROFILES, PrinterModel
from firmware_sim.printer.paper import Paper, Receipt
from firmware_sim.printer.realtime import CLEAR_BUFFERS, RealTimeScanner, Request
from firmware_sim.wire import SimulatedDevice, Wire


class PrinterSim(SimulatedDevice):
    """An ESC/POS printer on a wire; an async context manager.

    Attributes:
        condition: its sensors; change them through the methods, which tell the host.
        drawer: what hangs on its connector.
        lines_per_s: printing speed, None for as fast as can be.
        mute: answers nothing, prints all the same.
        album: its pictures.
    """

    def __init__(
        self,
        wire: Wire | None = None,
        *,
        out_dir: Path | None = None,
        port: int = 0,
        model: str | PrinterModel = "epson-80",
        lines_per_s: float | None = None,
        draw: bool = True,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> None:
        """Choose the model, and the wire: a TCP port on loopback unless another is given. Pictures are kept in ``out_dir``.

        Raises:
            FontMissing: pictures are wanted and no font with Chinese glyphs is installed.
        """
        super().__init__(wire or PrinterTcp(port=port))
        self.model = PROFILES[model] if isinstance(model, str) else model
        if draw and out_dir is not None:
            find_font()
        self.paper = Paper(self.model.dots, self.model.paper_dots, out_dir, draw=draw, on_receipt=on_receipt)
        self.album = Album(self.paper)
        self.condition = Condition()
        self.drawer = Drawer()
        self.lines_per_s = lines_per_s or self.model.lines_per_s
        self.mute = not self.model.answers
        self.powered = True
        self.jammed = False
        self.engine = Engine(self.model, self.paper, self.condition, self._reply, self._pulse)
        self._buffer = ReceiveBuffer(self.model, self.engine.parser, self.wire, self._reply)
        self._real_time = RealTimeScanner()
        self._work = asyncio.Event()
        self._lines_until_paper_end: int | None = None
        self._bytes_until_drop: int | None = None
        self._printing: asyncio.Task[None] | None = None
        if isinstance(self.wire, PrinterTcp):
            self.wire.detached = self._forget_host

    # ── what a person can see ──

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1.

        Raises:
            TypeError: it hangs on another kind of wire.
        """
        if not isinstance(self.wire, PrinterTcp):
            raise TypeError(f"the printer at {self.address} is not on the network")
        return self.wire.port

    @property
    def refused_clients(self) -> int:
        """How many were turned away because another was connected."""
        return self.wire.refused if isinstance(self.wire, PrinterTcp) else 0

    @property
    def receipts(self) -> deque[Receipt]:
        """The receipts cut or torn off so far (the last 500)."""
        return self.paper.receipts

    @property
    def paper_text(self) -> str:
        """What has been printed since the last cut."""
        return self.paper.text

    @property
    def drawer_pulses(self) -> list[int]:
        """The connector pins that got a pulse, in order."""
        return self.engine.drawer_pulses

    @property
    def unknown(self) -> list[bytes]:
        """Bytes that began no command."""
        return self.engine.unknown

    @property
    def cuts(self) -> int:
        """How often the cutter has moved."""
        return self.engine.cuts

    @property
    def lines_printed(self) -> int:
        """Lines printed since power-on."""
        return self.engine.lines_printed

    @property
    def buffered_bytes(self) -> int:
        """Bytes received and not yet printed."""
        return len(self._buffer)

    @property
    def dropped_bytes(self) -> int:
        """What a model without flow control has lost."""
        return self._buffer.dropped_bytes

    def shows(self) -> dict[str, Any]:
        """Return what a person who stands before the printer sees."""
        return hands.shown(self)

    def do(self, command: dict[str, Any]) -> None:
        """Carry out one command of the printer's own; see ``firmware_sim.printer.hands``."""
        hands.do(self, command)

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command and return what the printer shows then.

        Raises:
            ValueError, KeyError, TypeError: no such command.
        """
        if "fault" in command and hands.is_own_fault(command):
            command = hands.without_fault(command)
        return super().handle(command)

    # ── life ──

    async def start(self) -> None:
        """Switch on and listen."""
        self.set_drawer()
        await super().start()
        self._printing = asyncio.create_task(self._print(), name=f"printer-sim:{self.address}")

    async def stop(self) -> None:
        """Switch off; what stands on the paper becomes the last receipt."""
        if self._printing is not None:
            self._printing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._printing
            self._printing = None
        self.engine.finish()
        await super().stop()

    # ── hands and faults ──

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
        self.jammed = jammed
        if jammed:
            with self._watching():
                self.condition.cutter_error = True

    def overheat(self, hot: bool = True) -> None:
        """Let the head be too hot to print; it cools down by itself, here by ``hot=False``."""
        with self._watching():
            self.condition.overheated = hot

    def tear(self) -> Receipt | None:
        """Tear off what has been printed."""
        return self.paper.cut()

    def set_drawer(self, word: str = "") -> None:
        """Do something to the drawer by hand; see ``Drawer.hand``."""
        with self._watching():
            if word:
                self.drawer.hand(word)
            self.condition.drawer_pin_high = self.drawer.pin_high

    def drop_connection(self, after_bytes: int = 0) -> None:
        """Break the connection once ``after_bytes`` more bytes have come; they are printed all the same."""
        self._bytes_until_drop = after_bytes
        if not after_bytes:
            self._bytes_until_drop = None
            break_off(self.wire)

    def power_off(self) -> None:
        """Pull the plug: buffers are lost, connections broken, new ones refused."""
        self.powered = False
        self.wire.unplug()
        self.engine.power_off()
        self._real_time = RealTimeScanner()

    def power_on(self) -> None:
        """Plug it in again."""
        self.powered = True
        self.wire.replug()
        self._work.set()

    # ── the wire ──

    def receive(self, data: bytes) -> None:
        """Take bytes into the buffer; real-time commands are obeyed at once."""
        self._buffer.take(data)
        for request in self._real_time.feed(data) if self.model.realtime else ():
            self._answer_now(request)
        self._work.set()
        self._buffer.stop_if_full()
        self._count_drop(len(data))

    def _count_drop(self, size: int) -> None:
        if self._bytes_until_drop is not None:
            self._bytes_until_drop -= size
            if self._bytes_until_drop <= 0:
                self.drop_connection()

    def _forget_host(self) -> None:
        self.engine.asb_mask = 0
        self._real_time = RealTimeScanner()

    def _reply(self, data: bytes) -> None:
        if not self.mute:
            self.wire.send(data)

    # ── the mechanism ──

    async def _print(self) -> None:
        while True:
            command = self.engine.parser.next() if self._can_print() else None
            if command is None:
                if self._can_print():
                    self._buffer.let_go()  # the front of a picture larger than the buffer waits for its rest
                self._work.clear()
                await self._work.wait()
                continue
            lines = self.engine.execute(command)
            self._buffer.let_go_if_room()
            self._count_paper(lines)
            await asyncio.sleep(lines / self.lines_per_s if self.lines_per_s else 0)

    def _can_print(self) -> bool:
        return self.powered and not self.condition.offline

    def _count_paper(self, lines: int) -> None:
        if self._lines_until_paper_end is not None:
            self._lines_until_paper_end -= lines
            if self._lines_until_paper_end <= 0 and not self.condition.paper_end:
                with self._watching():
                    self.condition.paper_end = True

    def _pulse(self, pin: int) -> None:
        self.drawer.pulse(pin)
        self.set_drawer()

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        """Send an automatic status message if a watched item changes within the block."""
        before = self.condition.watched(self.engine.asb_mask)
        yield
        if self.condition.watched(self.engine.asb_mask) != before:
            self._reply(self.condition.automatic())
        self._work.set()

    def _answer_now(self, request: Request) -> None:
        known = "DLE DC4" not in self.model.unsupported
        match request.kind, request.args:
            case "EOT", args:
                status = self.condition.real_time(args[0])
                if status is not None:
                    self._reply(bytes([status]))
            case "ENQ", args if args[0] in (1, 2):
                self._recover(clear=args[0] == 2)
            case "DC4", args if args[0] == 1 and known:
                if self.engine.pulse_enabled and not self.condition.error:
                    self.engine.pulse(5 if args[1] == 1 else 2)
            case "DC4", args if args == CLEAR_BUFFERS and known:
                self.engine.forget()
                self._recover(clear=True)
                self._buffer.let_go()
                self._reply(b"\x37\x25\x00")

    def _recover(self, *, clear: bool) -> None:
        if not self.condition.error or self.jammed:
            return  # ignored without a recoverable error, and while its cause is still there
        if clear:
            self.engine.forget()
            self._buffer.let_go()
        with self._watching():
            self.condition.cutter_error = False
