"""What people do to a simulated printer and see of it: paper, cover, drawer, plugs, and a buffer that is full."""

import asyncio
from pathlib import Path

import pytest

from firmware_sim.printer import PrinterPty, PrinterSim
from tests.printer_host import connect, exchange, exchange_when_free
from tests.waiting import until


async def test_what_a_person_does_and_sees() -> None:
    async with PrinterSim(model="clone-58") as printer:
        _, writer = await connect(printer)
        writer.write("谢谢惠顾\n".encode("gb18030") + b"\x1bp\x00\x19\xfa")
        await until(lambda: printer.drawer.open)
        shown = printer.handle({"do": "status"})
        assert (shown["paper"], shown["drawer_open"], shown["powered"]) == (["谢谢惠顾"], True, True)
        assert printer.handle({"drawer": "close"})["drawer_open"] is False
        assert printer.handle({"tear": True})["last_receipt"] == ["谢谢惠顾"]
        wrongs: tuple[tuple[dict[str, object], str], ...] = (
            ({"paper": "out"}, "paper_end"),
            ({"cover": "open"}, "cover_open"),
            ({"jam": True}, "cutter_error"),
            ({"overheat": True}, "overheated"),
            ({"paper": "near_end"}, "near_end"),
        )
        for command, condition in wrongs:
            assert printer.handle(command)["condition"][condition], command
        assert printer.handle({})["lamps"] == {"power": True, "paper": True, "error": True}
        for undo in (
            {"paper": "load"},
            {"cover": "close"},
            {"overheat": False},
            {"jam": False},
            {"speed": 5},
            {"speed": None},
        ):
            printer.handle(undo)
        assert [printer.lines_per_s] == [None]
        assert printer.handle({"fault": "paper_out", "after_lines": 3})["condition"]["paper_end"] is False
        assert printer.handle({"fault": "slow", "lines_per_s": 7})["wire"]["plugged"]
        assert printer.lines_per_s == 7
        assert printer.handle({"fault": "unplug"})["wire"]["plugged"] is False
        printer.handle({"fault": "replug"})
        assert printer.handle({"power": "off"})["powered"] is False
        printer.handle({"power": "on"})
        for wrong in ({"fault": "fire"}, {"paper": "burn"}, {"drawer": "kick"}, {"speed": 0}):
            with pytest.raises(ValueError, match=r"."):
                printer.handle(wrong)
        writer.close()


@pytest.mark.parametrize(("open_high", "closed", "opened"), [(True, b"\x12", b"\x16"), (False, b"\x16", b"\x12")])
async def test_the_drawers_switch_of_either_polarity(open_high: bool, closed: bytes, opened: bytes) -> None:
    async with PrinterSim() as printer:
        printer.handle({"drawer_open_level": "high" if open_high else "low"})
        assert await exchange(printer, b"\x10\x04\x01", 1) == closed
        assert await exchange_when_free(printer, b"\x10\x14\x01\x00\x01\x10\x04\x01", 1) == opened
        printer.handle({"drawer": "close"})
        assert await exchange_when_free(printer, b"\x10\x04\x01", 1) == closed
        printer.handle({"drawer": "unplug"})
        assert await exchange_when_free(printer, b"\x10\x04\x01", 1) == b"\x16"  # pulled up


async def test_a_pulse_opens_only_the_drawer_on_its_pin_and_no_stuck_one() -> None:
    async with PrinterSim() as printer:
        printer.drawer.pin = 5
        _, writer = await connect(printer)
        writer.write(b"\x1bp\x00\x19\xfa")
        await until(lambda: printer.drawer_pulses == [2])
        assert not printer.drawer.open
        printer.handle({"drawer": "stick"})
        writer.write(b"\x1bp\x01\x19\xfa")
        await until(lambda: printer.drawer_pulses == [2, 5])
        assert not printer.drawer.open
        printer.handle({"drawer": "free"})
        writer.write(b"\x1bp\x01\x19\xfa")
        await until(lambda: printer.drawer.open)
        writer.close()


async def test_a_full_buffer_stops_the_host_and_paper_sets_it_free() -> None:
    async with PrinterSim() as printer:
        printer.run_out_of_paper()
        _, writer = await connect(printer)
        writer.transport.set_write_buffer_limits(high=0)
        writing = asyncio.create_task(_write_all(writer, b"line\n" * 1_000_000))
        await until(lambda: printer.buffered_bytes >= printer.model.buffer_bytes)
        assert printer.buffered_bytes < printer.model.buffer_bytes + 1024
        assert not writing.done()
        writing.cancel()
        printer.load_paper()
        await until(lambda: printer.lines_printed > 1000)
        writer.transport.abort()


async def _write_all(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def test_a_printer_without_flow_control_loses_what_comes_too_fast() -> None:
    async with PrinterSim(model="garbage-80") as printer:
        _, writer = await connect(printer)
        writer.write(b"a line of text\n" * 400)
        await until(lambda: printer.dropped_bytes > 0)
        assert printer.buffered_bytes <= printer.model.buffer_bytes
        writer.transport.abort()


async def test_the_album_holds_receipts_and_the_growing_paper(printer: PrinterSim) -> None:
    _, writer = await connect(printer)
    writer.write(b"one\n\x1dV\x00two\n")
    await until(lambda: printer.paper_text == "two")
    assert printer.album.names() == ["now", "receipt-0001"]
    for name in printer.album.names():
        picture = printer.album.picture(name)
        assert picture is not None
        assert picture.startswith(b"\x89PNG")
    assert printer.album.picture("receipt-0009") is None
    writer.close()


async def test_a_printer_on_a_serial_line_comes_back_under_its_name(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    async with PrinterSim(PrinterPty(link)) as printer:
        first = link.readlink()
        printer.power_off()
        assert not link.is_symlink()
        printer.power_on()
        assert link.readlink() != Path()
        assert first.parent == link.readlink().parent
