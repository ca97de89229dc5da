"""The simulated printer on the network: clients of other makers, real-time status, pictures, the child process."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from firmware_sim.printer import PrinterPty, PrinterSim, PrinterTcp, fonts
from tests.corpora import corpus
from tests.printer_host import connect, exchange, exchange_when_free
from tests.waiting import HANG_S, until

RECEIPTS = Path(__file__).parents[2] / "data/escpos-receipts"


def listing(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def print_all(printer: PrinterSim, data: bytes) -> None:
    _, writer = await connect(printer)
    writer.write(data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    marker = await exchange_when_free(printer, b"\x1d(H\x06\x0000done", 7)
    assert marker == b"\x37\x22done\x00"


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


FOREIGN = r"""
import sys
from escpos.printer import Network, Serial
kind, where, picture = sys.argv[1:]
if kind == "tcp":
    p = Network("127.0.0.1", port=int(where), timeout=5, profile="TM-T88V")
else:
    p = Serial(devfile=where, baudrate=9600, timeout=0.4, profile="TM-T88V")
p.set(align="center", bold=True, double_width=True, double_height=True)
p.textln("SHOP")
p.set_with_default(align="left")
p.textln("Tea          1.20")
p.set(underline=1, invert=True)
p.textln("inverted")
p.set_with_default()
p.set(custom_size=True, width=4, height=3)
p.textln("big")
p.set_with_default()
for code, name in (("6901234567892", "EAN13"), ("96385074", "EAN8"), ("036000291452", "UPC-A"), ("S2-17", "CODE39"), ("1234567890", "ITF")):
    p.barcode(code, name, height=64, width=2)
p.barcode("{BS2-1-000017", "CODE128", height=64, width=2, function_type="B")
p.qr("https://native.example", native=True, size=5)
p.qr("https://drawn.example", native=False, size=5)
p.image(picture)
p.textln("na\u00efve \u0416\u0443\u043a \u0159e\u0159icha")
p._raw(b"\x1c&" + "中文".encode("gb18030") + b"\n\x1c.")
p.cut()
print("online", p.is_online(), "paper", p.paper_status())
p.cashdraw(2)
p.close()
"""


@pytest.mark.parametrize("line", ["tcp", "serial"])
async def test_python_escpos_prints_and_asks(tmp_path: Path, line: str) -> None:
    wire = PrinterTcp() if line == "tcp" else PrinterPty()
    async with PrinterSim(wire, out_dir=tmp_path) as printer:
        where = str(printer.port) if line == "tcp" else printer.address
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FOREIGN, line, where, str(RECEIPTS.parent / "barcode-images/ean8-1-1.png"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(40):
            output, _ = await child.communicate()
        assert child.returncode == 0, output.decode()
        assert b"online True paper 2" in output
        await until(lambda: printer.drawer_pulses == [2])
        assert printer.drawer.open
        assert printer.unknown == []
        assert printer.cuts == 1
        receipt = printer.receipts[0]
    lines = [line.strip() for line in receipt.lines if line.strip()]
    for text in (
        "SHOP", "Tea          1.20", "inverted", "big", "[ean13 6901234567892]", "[ean8 96385074]", "[upca 036000291452]",
        "[code39 S2-17]", "[itf 1234567890]", "[code128 S2-1-000017]", "[qr https://native.example]", "naïve Жук řeřicha", "中文",
    ):  # fmt: skip
        assert text in lines, text
    assert sum(line.startswith("[image ") for line in lines) >= 2
    _read_back(receipt.image, {"6901234567892", "S2-1-000017", "https://native.example", "https://drawn.example"})


def _read_back(picture: Path | None, wanted: set[str]) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    assert picture is not None
    with Image.open(picture) as opened:
        texts = {read.text for read in zxingcpp.read_barcodes(opened.convert("L"))}
    assert wanted <= texts


@pytest.mark.parametrize("line", ["tcp", "serial"])
async def test_python_escpos_sees_paper_and_cover(tmp_path: Path, line: str) -> None:
    script = """
import sys
from escpos.printer import Network, Serial
kind, where = sys.argv[1:]
p = Network("127.0.0.1", port=int(where), timeout=5) if kind == "tcp" else Serial(devfile=where, timeout=0.4)
print("online", p.is_online(), "paper", p.paper_status())
p.close()
"""
    wire = PrinterTcp() if line == "tcp" else PrinterPty()
    async with PrinterSim(wire) as printer:
        where = str(printer.port) if line == "tcp" else printer.address
        for hand, said in (
            (printer.set_near_end, b"online True paper 1"),
            (printer.run_out_of_paper, b"online False paper 0"),
            (printer.open_cover, b"online False paper 0"),
        ):
            hand()
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                script,
                line,
                where,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            async with asyncio.timeout(20):
                output, _ = await child.communicate()
            assert said in output, output.decode()


async def test_the_preamble_that_clients_use_to_test_a_printer(printer: PrinterSim) -> None:
    printer.condition.drawer_pin_high = True
    assert await exchange(printer, b"\x1b@\x1b=\x01\x10\x04\x01", 1) == b"\x16"


async def test_status_is_answered_while_paper_is_out_and_queries_in_the_queue_are_not(printer: PrinterSim) -> None:
    printer.run_out_of_paper()
    reader, writer = await connect(printer)
    writer.write(b"\x1dr\x01\x10\x04\x02\x10\x04\x04")
    async with asyncio.timeout(HANG_S):
        assert await reader.readexactly(2) == b"\x32\x72"
        printer.load_paper()
        assert await reader.readexactly(1) == b"\x00"
    writer.close()


async def test_automatic_status_comes_at_once_and_on_each_change(printer: PrinterSim) -> None:
    reader, writer = await connect(printer)
    writer.write(b"\x1da\xff")
    async with asyncio.timeout(HANG_S):
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
    async with asyncio.timeout(HANG_S):
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
