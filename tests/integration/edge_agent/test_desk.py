"""``shopwire devices``: with a bare address, with a store file, and beside a running agent that holds the devices (R157)."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import shopwire
from devices.registry import DeviceSettings
from edge_agent.desk.learning import learn_drawer
from edge_agent.desk.stand import at_work, attached_of, settled
from edge_agent.settings import EdgeSettings
from firmware_sim.printer import PrinterSim
from firmware_sim.scanner import LineScannerSim
from firmware_sim.wire import PtyWire
from tests.bench_devices import benched, entries
from tests.edge_running import running_store
from tests.edge_store import TEA


async def desk(*words: str, typed: str = "", lang: str = "en") -> Result:
    """Run a command in a thread of its own: the devices live on the test's loop."""
    arguments = ["--lang", lang, "devices", *words]
    return await asyncio.to_thread(lambda: CliRunner().invoke(shopwire.main, arguments, input=typed))


def objects(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture
async def printer() -> AsyncIterator[PrinterSim]:
    async with PrinterSim(draw=False) as sim:
        yield sim


@pytest.fixture
async def scanner(tmp_path: Path) -> AsyncIterator[LineScannerSim]:
    async with LineScannerSim(PtyWire(tmp_path / "scanner")) as sim:
        yield sim


def stored(folder: Path, printer: PrinterSim, scanner: LineScannerSim) -> tuple[Path, list[DeviceSettings]]:
    """Write a store file with both devices."""
    devices = [
        DeviceSettings("printer-1", "printer_escpos", f"tcp:127.0.0.1:{printer.port}", "epson-80"),
        DeviceSettings("scanner-1", "scanner_serial", scanner.address),
    ]
    file = folder / "store.toml"
    entries = [f"data_dir = {json.dumps(str(folder / 'data'))}"]
    for each in devices:
        entries += [
            "[[devices]]",
            *(f"{key} = {json.dumps(value)}" for key, value in msgspec.to_builtins(each).items() if value),
        ]
    file.write_text("\n".join(entries))
    return file, devices


# -- a bare address


async def test_a_printer_says_what_it_is_and_is_written_into_a_store_file(printer: PrinterSim) -> None:
    address = f"tcp:127.0.0.1:{printer.port}"
    found = await desk("probe", address, "--json")
    assert found.exit_code == 0, found.output
    [said] = objects(found)
    assert (said["class"], said["kind"], said["online"]) == ("POSPrinter", "printer_escpos", True)
    entry = tomllib.loads((await desk("probe", address, "--toml")).stdout)
    settings = msgspec.convert({"data_dir": "x", **entry}, EdgeSettings)
    assert settings.devices[0].address == address
    assert printer.lines_printed == 0  # being asked costs no paper


async def test_a_scanner_at_rest_says_nothing_and_the_next_step_is_told(scanner: LineScannerSim) -> None:
    done = await desk("probe", scanner.address)
    assert done.exit_code == 1
    assert "devices watch --address" in done.stdout


async def test_nothing_at_an_address_is_one_clear_line() -> None:
    done = await desk("probe", "tcp:127.0.0.1:9")
    assert done.exit_code == 1
    assert done.output.startswith("Error: tcp:127.0.0.1:9 is not available")


async def test_a_ticket_comes_out_of_a_bare_address(printer: PrinterSim) -> None:
    done = await desk("test", "--address", f"tcp:127.0.0.1:{printer.port}", lang="zh")
    assert done.exit_code == 0, done.output
    assert "测试小票已打印" in done.stdout
    assert "测试小票" in printer.receipts[-1].text
    assert "￥12.34" in printer.receipts[-1].text


async def test_what_is_wrong_says_what_to_do(printer: PrinterSim, tmp_path: Path) -> None:
    printer.run_out_of_paper()
    done = await desk("test", "--address", f"tcp:127.0.0.1:{printer.port}", "--kind", "printer_escpos", "--json")
    assert done.exit_code == 1
    [finding] = objects(done)
    assert finding["verdict"] == "bad"
    assert "paper" in finding["next_step"]


async def test_a_scanner_is_tried_with_a_code(scanner: LineScannerSim) -> None:
    testing = asyncio.ensure_future(desk("test", "--address", scanner.address, "--kind", "scanner_serial", "--json"))
    while not testing.done():
        scanner.scan(TEA, aim="]E0")
        await asyncio.sleep(0.05)
    [finding] = objects(testing.result())
    assert TEA in finding["text"]
    assert testing.result().exit_code == 0


async def test_live_readings_are_shown(scanner: LineScannerSim) -> None:
    words = ["watch", "--address", scanner.address, "--kind", "scanner_serial", "--seconds", "1.5", "--json"]
    watching = asyncio.ensure_future(desk(*words))
    while not watching.done():
        scanner.scan(TEA)
        await asyncio.sleep(0.05)
    seen = objects(watching.result())
    assert seen[0] == {"device_id": "device", "health": "ok", "reason": ""}
    assert {"device_id": "device", "reading": {"code": TEA, "aim": None}} in seen


async def test_a_recording_plays_the_device_again(scanner: LineScannerSim, tmp_path: Path) -> None:
    file = tmp_path / "scanner.jsonl"
    words = ["trace", "--address", scanner.address, "--kind", "scanner_serial", "--out", str(file), "--seconds", "1.5"]
    recording = asyncio.ensure_future(desk(*words))
    while not recording.done():
        scanner.scan(TEA)
        await asyncio.sleep(0.05)
    assert recording.result().exit_code == 0, recording.result().output
    replayed = await desk("trace", "--replay", str(file), "--kind", "scanner_serial", "--json")
    assert {"code": TEA, "aim": None} in [each.get("reading") for each in objects(replayed)]


async def test_a_recording_of_nothing_says_why(tmp_path: Path) -> None:
    words = [
        "--address",
        "/dev/no-such-line",
        "--kind",
        "scale_serial",
        "--out",
        str(tmp_path / "t"),
        "--seconds",
        "0.3",
    ]
    done = await desk("trace", *words)
    assert done.exit_code == 1
    assert "nothing passed between device and its driver in 0.3 s: no such device" in done.output


async def test_of_several_devices_one_has_to_be_named(tmp_path: Path) -> None:
    file = tmp_path / "store.toml"
    entry = '[[devices]]\ndevice_id = "{0}"\nkind = "scale_serial"\naddress = "/dev/{0}"\n'
    file.write_text(f'data_dir = "{tmp_path}"\n' + entry.format("left") + entry.format("right"))
    assert "Say which device: one of left, right" in (await desk("watch", "--config", str(file))).output
    assert (
        "No device is called up: name one of left, right" in (await desk("watch", "up", "--config", str(file))).output
    )


async def test_bytes_are_read_from_standard_input_too() -> None:
    words, typed = ["decode", "scale-toledo8217"], "02 30 31 2e\n32 33 35 4e 0d\n"
    assert (await desk(*words, "-", typed=typed)).output == "1.235 kg: net\n"
    none = await desk(*words)
    assert none.exit_code == 1
    assert "no bytes were given" in none.output


async def test_a_drawer_that_nobody_moves_teaches_nothing(printer: PrinterSim) -> None:
    words = ["learn", "drawer", "--address", f"tcp:127.0.0.1:{printer.port}", "--json"]
    done = await desk(*words, typed="\n\n")
    assert done.exit_code == 1
    assert "Nothing was learnt" in done.output


@pytest.mark.parametrize("open_high", [True, False])
async def test_the_drawers_polarity_is_learnt(printer: PrinterSim, open_high: bool) -> None:
    printer.drawer.open_high = open_high

    async def hands(key: str) -> None:
        printer.set_drawer("open" if key == "desk.drawer_open" else "close")

    settings = DeviceSettings("printer-1", "printer_escpos", f"tcp:127.0.0.1:{printer.port}", "epson-80")
    async with at_work(attached_of([settings])) as attached:
        await settled(attached)
        learnt = await learn_drawer(attached.bays[0], hands)
    assert learnt.value == ("high" if open_high else "low")


# -- a store file


@pytest.mark.req(157)
async def test_the_self_test_of_a_store_takes_one_command(
    tmp_path: Path, printer: PrinterSim, scanner: LineScannerSim
) -> None:
    file, _ = stored(tmp_path, printer, scanner)
    done = await desk("test", "--all", "--config", str(file))
    assert done.exit_code == 0, done.output
    assert "Everything is as it should be." in done.stdout
    assert len(printer.receipts) == 1


@pytest.mark.req(157)
async def test_every_kind_of_device_passes_its_self_test(tmp_path: Path) -> None:
    wanted = entries(tmp_path)
    file = tmp_path / "store.toml"
    lines = [f"data_dir = {json.dumps(str(tmp_path / 'data'))}"]
    for entry in wanted:
        pairs = (f"{key} = {json.dumps(value)}" for key, value in msgspec.to_builtins(entry).items() if value)
        lines += ["[[devices]]", *(pair for pair in pairs if not pair.startswith("options"))]
        lines += [f"options.{name} = {json.dumps(value)}" for name, value in entry.options.items()]
    file.write_text("\n".join(lines))
    async with benched(wanted, tmp_path) as devices:
        done = await desk("test", "--all", "--config", str(file), "--json", lang="zh")
        found = {each["check"]: (each["verdict"], each["text"]) for each in objects(done)}
        assert {check: said for check, said in found.items() if said[0] == "bad"} == {}
        assert set(found) == {f"device {name}" for name in devices}
        assert done.exit_code == 0


async def test_the_list_matches_what_is_configured(
    tmp_path: Path, printer: PrinterSim, scanner: LineScannerSim
) -> None:
    file, _ = stored(tmp_path, printer, scanner)
    rows = objects(await desk("list", "--config", str(file), "--json"))
    assert [(row["device_id"], row["health"]) for row in rows if row["what"] == "device"] == [
        ("printer-1", ""),
        ("scanner-1", ""),
    ]
    tomllib.loads((await desk("list", "--toml")).stdout)


async def test_nothing_to_test_is_not_a_passed_test() -> None:
    done = await desk("test", "--all")
    assert done.exit_code == 1
    assert "--config FILE" in done.output


async def test_an_unknown_device_is_told_with_the_known_ones(
    tmp_path: Path, printer: PrinterSim, scanner: LineScannerSim
) -> None:
    file, _ = stored(tmp_path, printer, scanner)
    done = await desk("test", "scale-9", "--config", str(file))
    assert done.exit_code == 1
    assert "printer-1, scanner-1" in done.output


# -- beside a running agent


async def test_the_running_agent_answers_for_its_devices(
    tmp_path: Path, printer: PrinterSim, scanner: LineScannerSim
) -> None:
    file, devices = stored(tmp_path, printer, scanner)
    async with running_store(tmp_path, devices) as store:
        await store.until_health("printer-1", "ok")
        await store.until_health("scanner-1", "ok")
        rows = objects(await desk("list", "--config", str(file), "--json"))
        assert [row["health"] for row in rows if row["what"] == "device"] == ["ok", "ok"]
        tested = await desk("test", "--all", "--config", str(file))
        assert tested.exit_code == 0, tested.output
        assert len(printer.receipts) == 1
        watched = objects(await desk("watch", "scanner-1", "--config", str(file), "--seconds", "0.2", "--json"))
        assert watched[0]["health"] == "ok"
        trace = tmp_path / "agent.jsonl"
        tracing = asyncio.ensure_future(
            desk("trace", "scanner-1", "--config", str(file), "--out", str(trace), "--seconds", "1.5")
        )
        while not tracing.done():
            scanner.scan(TEA)
            await asyncio.sleep(0.1)
        assert tracing.result().exit_code == 0, tracing.result().output
        assert TEA.encode().hex() in trace.read_text()
        assert (await store.ask(do="basket"))["lines"]  # what was scanned meanwhile was sold, too
        learn = await desk("learn", "drawer", "printer-1", "--config", str(file))
        assert learn.exit_code == 1
        assert "holds the devices" in learn.output


async def test_bytes_are_explained() -> None:
    done = await desk("decode", "scanner", "5d4530", "36393031", "0d", "--json")
    assert objects(done)[0]["aim"] == "]E0"
    unknown = await desk("decode", "morse", "00")
    assert unknown.exit_code == 1
    assert "scanner" in unknown.output
    assert (await desk("decode", "scanner", "zz")).exit_code == 1


async def test_a_drawer_is_tried_through_its_printer_and_not_opened(tmp_path: Path, printer: PrinterSim) -> None:
    file = tmp_path / "store.toml"
    file.write_text(
        f'data_dir = "{tmp_path}/data"\n[[devices]]\ndevice_id = "printer-1"\nkind = "printer_escpos"\n'
        f'address = "tcp:127.0.0.1:{printer.port}"\n[[devices]]\ndevice_id = "drawer-1"\nkind = "drawer_escpos"\n'
        'options = { printer = "printer-1", open_level = "high" }\n'
    )
    done = await desk("test", "drawer-1", "--config", str(file), "--json")
    [finding] = objects(done)
    assert (finding["check"], finding["found"]) == ("device drawer-1", "try_drawer_closed"), done.output
    assert printer.drawer_pulses == []
    learning = await desk("learn", "drawer", "drawer-1", "--config", str(file), typed="\n\n")
    assert "Nothing was learnt of printer-1" in learning.output


async def test_a_replayed_scale_is_played_once_and_ends_with_its_recording(tmp_path: Path) -> None:
    file = tmp_path / "scale.jsonl"
    frames = (b"   0.000kg\r\n", b"   0.312kg\r\n", b"   0.312kg\r\n", b"   0.455kg\r\n")
    file.write_text("".join(f'{{"t": {t}, "dir": "in", "hex": "{frame.hex()}"}}\n' for t, frame in enumerate(frames)))
    seen = objects(
        await desk("trace", "--replay", str(file), "--kind", "scale_serial", "--profile", "text-kg", "--json")
    )
    assert [each["health"] for each in seen if "health" in each] == ["ok", "absent"]
    assert seen[-1]["reason"] == "the trace has ended"
    readings = [each["reading"] for each in seen if "reading" in each]
    assert readings
    assert "silent" not in {reading.get("reason") for reading in readings}
