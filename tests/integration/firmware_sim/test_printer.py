"""The simulated printer on the network: clients of other makers, real-time status, pictures, the child process."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware_sim.printer import PrinterSim, PrinterTcp, fonts
from tests.corpora import corpus
from tests.waiting import until

RECEIPTS = Path(__file__).parents[2] / "data/escpos-receipts"


def listing(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def content(path: str) -> bytes:
    return Path(path).read_bytes()


@pytest.fixture
async def printer(tmp_path: Path) -> AsyncIterator[PrinterSim]:
    async with PrinterSim(out_dir=tmp_path) as sim:
        yield sim


async def connect(printer: PrinterSim) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", printer.port)


async def exchange(printer: PrinterSim, data: bytes, size: int) -> bytes:
    reader, writer = await connect(printer)
    try:
        async with asyncio.timeout(5):
            writer.write(data)
            return await reader.readexactly(size)
    finally:
        writer.close()
        await writer.wait_closed()


async def print_all(printer: PrinterSim, data: bytes) -> None:
    _, writer = await connect(printer)
    writer.write(data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    marker = await exchange_when_free(printer, b"\x1d(H\x06\x0000done")
    assert marker == b"\x37\x22done\x00"


async def exchange_when_free(printer: PrinterSim, data: bytes) -> bytes:
    async with asyncio.timeout(10):
        while True:
            try:
                return await exchange(printer, data, 7)
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", [path.stem for path in sorted(RECEIPTS.glob("*.bin"))])
async def test_receipts_of_another_library_come_out_whole(printer: PrinterSim, name: str) -> None:
    await print_all(printer, (RECEIPTS / f"{name}.bin").read_bytes())
    assert printer.unknown == []
    assert printer.cuts >= 1
    assert printer.receipts[0].image is not None
    assert printer.receipts[0].text.strip()


async def test_the_large_receipts_of_the_test_set_come_out_whole(printer: PrinterSim) -> None:
    for path in sorted(corpus("escpos-receipts").glob("*.bin")):
        cuts = printer.cuts
        await print_all(printer, path.read_bytes())
        assert printer.unknown == [], path.name
        assert printer.cuts > cuts


async def test_python_escpos_prints_and_asks(printer: PrinterSim) -> None:
    script = f"""
from escpos.printer import Network
p = Network("127.0.0.1", port={printer.port}, timeout=5, profile="TM-T88V")
p.set(align="center", bold=True, double_width=True, double_height=True)
p.textln("SHOP")
p.set_with_default(align="left")
p.textln("Tea   1.20")
p.barcode("6901234567892", "EAN13", height=64, width=3)
p.qr("https://x.y", native=True, size=4)
p.image("{RECEIPTS.parent / "barcode-images/ean8-1-1.png"}")
p._raw("中文".encode("gb18030"))
p.cut()
print("online", p.is_online(), "paper", p.paper_status())
p.cashdraw(2)
p.close()
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        output, _ = await child.communicate()
    assert child.returncode == 0, output.decode()
    assert b"online True paper 2" in output
    await until(lambda: printer.drawer_pulses == [2])
    lines = [line.strip() for line in printer.receipts[0].lines if line.strip()]
    assert lines[:4] == ["SHOP", "Tea   1.20", "[ean13 6901234567892]", "6901234567892"]
    assert "[qr https://x.y]" in lines
    assert any(line.startswith("[image ") for line in lines)
    assert printer.unknown == []


async def test_the_preamble_that_clients_use_to_test_a_printer(printer: PrinterSim) -> None:
    printer.condition.drawer_pin_high = True
    assert await exchange(printer, b"\x1b@\x1b=\x01\x10\x04\x01", 1) == b"\x16"


async def test_status_is_answered_while_paper_is_out_and_queries_in_the_queue_are_not(printer: PrinterSim) -> None:
    printer.run_out_of_paper()
    reader, writer = await connect(printer)
    writer.write(b"\x1dr\x01\x10\x04\x02\x10\x04\x04")
    async with asyncio.timeout(5):
        assert await reader.readexactly(2) == b"\x32\x72"
        printer.load_paper()
        assert await reader.readexactly(1) == b"\x00"
    writer.close()


async def test_automatic_status_comes_at_once_and_on_each_change(printer: PrinterSim) -> None:
    reader, writer = await connect(printer)
    writer.write(b"\x1da\xff")
    async with asyncio.timeout(5):
        assert await reader.readexactly(4) == b"\x10\x00\x00\x00"
        printer.open_cover()
        assert await reader.readexactly(4) == b"\x38\x00\x00\x00"
        printer.close_cover()
        printer.set_near_end()
        assert await reader.readexactly(8) == b"\x10\x00\x00\x00\x10\x00\x03\x00"
    writer.close()


async def test_identity(printer: PrinterSim) -> None:
    assert await exchange(printer, b"\x1dI\x42\x1dI\x02", 8) == b"_EPSON\x00\x03"


async def test_a_cutter_error_waits_for_its_cause_and_the_hosts_word(printer: PrinterSim) -> None:
    printer.jam_cutter()
    assert await exchange(printer, b"\x10\x05\x01\x10\x04\x03", 1) == b"\x1a"
    printer.jam_cutter(False)
    await until(lambda: printer.refused_clients >= 0)
    reader, writer = await connect(printer)
    async with asyncio.timeout(5):
        writer.write(b"\x10\x05\x01\x10\x04\x03")
        assert await reader.readexactly(1) == b"\x12"
    writer.close()


async def test_clearing_all_buffers(printer: PrinterSim) -> None:
    printer.run_out_of_paper()
    assert await exchange(printer, b"never printed\n" + bytes.fromhex("10140801031401060208"), 3) == b"\x37\x25\x00"
    assert printer.buffered_bytes == 0


async def test_one_client_at_a_time(printer: PrinterSim) -> None:
    _, first = await connect(printer)
    wire = printer.wire
    assert isinstance(wire, PrinterTcp)
    await until(lambda: wire.connected)
    reader, second = await connect(printer)
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    assert printer.refused_clients == 1
    first.close()
    second.close()


async def test_a_yen_sign_of_four_bytes_prints_as_digits_on_a_two_byte_printer() -> None:
    async with PrinterSim(model="clone-80") as clone:
        _, writer = await connect(clone)
        writer.write("中¥".encode("gb18030") + b"\n")
        await until(lambda: clone.paper_text)
        assert clone.paper_text == "中06"
        writer.close()


async def test_receipts_are_numbered_on_from_an_earlier_run(tmp_path: Path) -> None:
    for number in (1, 2):
        async with PrinterSim(out_dir=tmp_path) as sim:
            await print_all(sim, b"receipt\n\x1dV\x00")
            assert sim.receipts[0].number == number
    assert sorted(listing(tmp_path)) == [
        "receipt-0001.png",
        "receipt-0001.txt",
        "receipt-0002.png",
        "receipt-0002.txt",
    ]


async def test_without_a_chinese_font_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "CANDIDATES", (("/nowhere/none.ttf", 0),))
    with pytest.raises(fonts.FontMissing, match="apt install fonts-wqy-microhei"):
        PrinterSim(out_dir=tmp_path)
    async with PrinterSim(out_dir=tmp_path, draw=False) as sim:
        await print_all(sim, b"text only\n\x1dV\x00")
        assert sim.receipts[0].image is None


async def test_the_child_process_prints_takes_faults_and_ends(tmp_path: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim.printer", "--port", "0", "--out", str(tmp_path), "--announce",
        stdin=pipe, stdout=pipe,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(30):
            port = json.loads(await child.stdout.readline())["port"]
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("欢迎光临\n".encode("gb18030") + b"\x1c&" + "欢迎光临\n".encode("gb18030") + b"\x1dV\x00")
            announced = json.loads(await child.stdout.readline())
            assert content(announced["image"]).startswith(b"\x89PNG")
            assert "欢迎光临".encode() in content(announced["text"])
            child.stdin.write(b'{"fault": "paper_out"}\n{"fault": "fire"}\n')
            assert json.loads(await child.stdout.readline())["condition"]["paper_end"]
            assert "fire" in json.loads(await child.stdout.readline())["error"]
            writer.close()
            child.send_signal(signal.SIGTERM)
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
