"""A receipt of 25 Chinese lines with a QR code: into bytes, beside python-escpos; and how soon the printer has its first byte."""

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from escpos.printer import Dummy

from benchmarks.agent import Agent, agent
from benchmarks.chain import enrol, headquarters
from benchmarks.figure import Figure, figure, percentile
from benchmarks.stock import CODES
from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.profile import PROFILES
from devices.receipt import Align, Cell, Columns, Cut, Element, Feed, Qr, ReceiptDocument, Rule, Text
from firmware_sim.printer.server import PrinterSim

LINES = 25
ROUNDS = 200
SALES = 50
ADDRESS = "https://receipts.example/s1/1/42"
BUILD_MS, START_MS = 10.0, 50.0


def figures() -> Iterator[Figure]:
    """Yield milliseconds of processor time for the bytes, and of wall time from the answer "sold" to the first byte of the job."""
    ours = [_milliseconds(_build) for _ in range(ROUNDS)]
    theirs = [_milliseconds(_build_with_escpos) for _ in range(ROUNDS)]
    for percent in (50, 99):
        yield figure(
            f"receipt_built_p{percent}", percentile(ours, percent), "ms", "python-escpos", percentile(theirs, percent)
        )
    yield figure("receipt_built_p99_of_limit", percentile(ours, 99), "ms", "promised at most", BUILD_MS)
    starts = asyncio.run(_starts())
    for percent in (50, 95, 100):
        yield figure(f"printing_starts_p{percent}", percentile(starts, percent), "ms", "promised at most", START_MS)


def _milliseconds(build: Any) -> float:
    began = time.process_time()
    assert len(build()) > 1000, "a receipt of 25 lines has more bytes than that"
    return 1000 * (time.process_time() - began)


def _build() -> bytes:
    return encode_receipt(DOCUMENT, PROFILE)


def _document() -> ReceiptDocument:
    goods: list[Element] = [
        Columns((Cell(f"第{number:02}号 乌龙茶礼盒装"), Cell(f"￥{number}.90", 12, Align.RIGHT)))
        for number in range(LINES)
    ]
    head: list[Element] = [Text("南京西路店", Align.CENTER, 2, 2), Rule()]
    foot: list[Element] = [Rule(), Text("合计 ￥322.50", Align.RIGHT, bold=True), Qr(ADDRESS), Feed(3), Cut()]
    return ReceiptDocument((*head, *goods, *foot))


def _build_with_escpos() -> bytes:
    paper = Dummy()
    paper.set(align="center", double_width=True, double_height=True)
    paper.text("南京西路店\n")
    paper.set(align="left", normal_textsize=True)
    for number in range(LINES):
        paper.text(f"第{number:02}号 乌龙茶礼盒装              {number}.90\n")
    paper.qr(ADDRESS, native=True)
    paper.cut()
    return bytes(paper.output)


async def _starts() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        async with headquarters(root) as office:
            data_dir = await asyncio.to_thread(enrol, office, "S1", root / "S1")
            return await asyncio.to_thread(_sell_and_watch, data_dir)


def _sell_and_watch(data_dir: Path) -> list[float]:
    with _printer() as (port, first_bytes):
        config = data_dir / "printer.toml"
        config.write_text(
            f'data_dir = "{data_dir}"\n[[devices]]\ndevice_id = "printer-1"\nkind = "printer_escpos"\n'
            f'address = "tcp:127.0.0.1:{port}"\nprofile = "epson-80"\n'
        )
        with agent(data_dir, "--config", str(config)) as running:
            running.wait_for_goods()
            return [_one_sale(running, first_bytes) for _ in range(SALES)]


def _one_sale(running: Agent, first_bytes: "_Watch") -> float:
    running.ask(do="scan", code=CODES[0])
    first_bytes.clear()
    assert "ok" in running.ask(do="pay", kind="cash")
    committed_at = time.monotonic()
    assert first_bytes.came.wait(10), "no receipt within 10 s"
    started_at = first_bytes.at
    while running.ask(do="last")["ok"]["print"] != "printed":
        time.sleep(0.005)
    return max(0.0, 1000 * (started_at - committed_at))


class _Watch:
    """When the first byte of a job came: ESC @, with which every job begins."""

    def __init__(self) -> None:
        self.came, self.at = threading.Event(), 0.0

    def clear(self) -> None:
        self.came.clear()

    def saw(self, data: bytes) -> None:
        if b"\x1b@" in data and not self.came.is_set():
            self.at = time.monotonic()
            self.came.set()


@contextmanager
def _printer() -> Iterator[tuple[int, _Watch]]:
    """Run a simulated printer on a loop of its own."""
    watch, ready, loop = _Watch(), threading.Event(), asyncio.new_event_loop()
    port: list[int] = []
    stop = asyncio.Event()

    async def serve() -> None:
        async with PrinterSim(draw=False) as printer:
            take = printer.wire.receive

            def receive(data: bytes) -> None:
                watch.saw(data)
                take(data)

            printer.wire.receive = receive
            port.append(int(printer.address.rpartition(":")[2]))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10), "no printer within 10 s"
    try:
        yield port[0], watch
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


DOCUMENT, PROFILE = _document(), PROFILES.named("epson-80")
