"""SSI and keyboard scanners on a bad wire, set-ups that somebody changed, and outages that are logged once."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.ports import Health
from devices.reading import Code
from devices.scanner_hid.codec import End, KeyDecoder, Typing
from devices.scanner_hid.driver import HidOptions, HidScanner
from devices.scanner_serial.driver import ScannerOptions, SerialScanner
from devices.scanner_serial.models import MODELS
from devices.scanner_ssi.driver import SsiOptions, SsiScanner
from devices.served import ServedDevice
from devices.transport import evdev
from firmware_sim.scanner import HidScannerSim, LineScannerSim, SsiScannerSim, uinput
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until

AnyScanner = SsiScanner | HidScanner | SerialScanner


def quick() -> Backoff:
    return Backoff(0.001, 0.003)


@asynccontextmanager
async def running(scanner: AnyScanner) -> AsyncIterator[AsyncIterator[str]]:
    task = asyncio.create_task(scanner.run())
    await until(lambda: scanner.state.health.works)

    async def codes() -> AsyncIterator[str]:
        async for scan in scanner:
            yield scan.data

    try:
        yield codes()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def following(codes: AsyncIterator[str], within_s: float = HANG_S) -> str:
    async with asyncio.timeout(within_s):
        return await anext(codes)


@pytest.fixture
async def ssi() -> AsyncIterator[SsiScannerSim]:
    async with SsiScannerSim(PtyWire(), answer_s=0.1) as sim:
        yield sim


async def test_a_code_longer_than_a_packet_comes_in_one_piece(ssi: SsiScannerSim) -> None:
    scanner = SsiScanner("s", ssi.address)
    async with running(scanner) as codes:
        ssi.scan("茶" * 400, "]Q1")
        assert await following(codes) == "茶" * 400


async def test_what_is_torn_on_the_way_is_sent_again_and_counts_once(ssi: SsiScannerSim) -> None:
    scanner = SsiScanner("s", ssi.address, SsiOptions(again_s=0))
    async with running(scanner) as codes:
        ssi.wire.half_next()
        ssi.scan("6901234567892", "]E0")
        assert await following(codes) == "6901234567892"
        ssi.scan("96385074", "]E4")
        assert await following(codes) == "96385074"
        assert ssi.repeated >= 1
        assert ssi.given_up == 0


async def test_a_packet_whose_answer_was_lost_is_answered_again_and_dropped(ssi: SsiScannerSim) -> None:
    scanner = SsiScanner("s", ssi.address, SsiOptions(again_s=0))
    async with running(scanner) as codes:
        take, deaf = ssi.wire.receive, [True]
        ssi.wire.receive = lambda data: None if deaf else take(data)  # the scanner does not hear our ACK
        ssi.scan("6901234567892", "]E0")
        assert await following(codes) == "6901234567892"
        await until(lambda: ssi.repeated >= 2)
        deaf.clear()
        await until(lambda: not ssi.shows()["waiting"])
        ssi.scan("6901234567892", "]E0")  # the same again, but not a repetition
        ssi.scan("96385074", "]E4")
        assert [await following(codes), await following(codes)] == ["6901234567892", "96385074"]


async def test_noise_between_packets_is_counted_and_survived(ssi: SsiScannerSim) -> None:
    scanner = SsiScanner("s", ssi.address)
    async with running(scanner) as codes:
        ssi.wire.garbage(200)
        ssi.scan("6901234567892", "]E0")
        assert await following(codes) == "6901234567892"
        assert scanner.intake.refused


async def test_a_frozen_scanner_is_noticed_and_comes_back() -> None:
    async with SsiScannerSim(PtyWire(), answer_s=0.1) as sim:
        scanner = SsiScanner("s", sim.address, SsiOptions(watch_s=0.05), backoff=quick())
        async with running(scanner) as codes:
            sim.wire.freeze()
            await until(lambda: scanner.state.health is Health.ABSENT)
            assert "no longer answers" in scanner.state.reason
            with pytest.raises(DeviceUnavailable):
                await scanner.beep(good=True)
            sim.wire.freeze(False)
            await until(lambda: scanner.state.health is Health.OK)
            sim.scan("6901234567892", "]E0")
            assert await following(codes) == "6901234567892"


async def test_a_scanner_in_another_mode_is_told_as_such() -> None:
    async with SsiScannerSim(PtyWire(), profile="mute") as sim:
        scanner = SsiScanner("s", sim.address, backoff=quick())
        task = asyncio.create_task(scanner.run())
        await until(lambda: scanner.state.health is Health.ABSENT)
        assert "set it to SSI" in scanner.state.reason
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_badly_made_scanners_yield_no_wrong_code() -> None:
    async with (
        LineScannerSim(PtyWire(), profile="clone", maker="honeywell") as sim,
        running(SerialScanner("s", sim.address)) as codes,
    ):
        sim.scan("6901234567892", "]E0")
        assert await following(codes) == "6901234567892"  # without its symbology, which it does not tell
    async with LineScannerSim(PtyWire(), profile="garbage") as sim, running(SerialScanner("s", sim.address)) as codes:
        sim.scan("A" * 100, "]Q1")
        sim.scan("6901234567892", "]E0")
        assert len(await following(codes)) < 64  # cut off by its own buffer, and the next code is whole
        assert await following(codes) == "6901234567892"
    async with SsiScannerSim(PtyWire(), profile="clone") as ssi_sim:
        scanner = SsiScanner("s", ssi_sim.address)
        async with running(scanner):
            ssi_sim.scan("6901234567892", "]E0")  # as a plain line, although it was asked for packets
            await until(lambda: scanner.intake.refused["noise"])


async def test_f39_a_programming_code_does_not_change_a_locked_scanner(ssi: SsiScannerSim) -> None:
    ssi.parameters["ec"] = "01"
    async with running(SsiScanner("s", ssi.address)):
        await until(lambda: ssi.shows()["locked"])
        ssi.program("0b", "00")
        assert "0b" not in ssi.parameters
    ssi.parameters["ec"] = "01"
    async with running(SsiScanner("s", ssi.address, SsiOptions(lock=False))):
        ssi.program("0b", "00")
        assert ssi.parameters["0b"] == "00"  # what the lock is for


async def test_f39_a_changed_set_up_is_told_at_the_next_start(ssi: SsiScannerSim) -> None:
    scanner = SsiScanner("s", ssi.address)
    async with running(scanner):
        accepted = scanner.setup
    assert len(accepted) == 16
    checked = SsiScanner("s", ssi.address, SsiOptions(setup=accepted), backoff=quick())
    async with running(checked):
        assert checked.state.health is Health.OK
    ssi.parameters["08"] = "00"  # somebody has switched UPC-A off
    async with running(checked) as codes:
        await until(lambda: checked.state.health is Health.DEGRADED)
        assert accepted in checked.state.reason
        ssi.scan("6901234567892", "]E0")
        assert await following(codes) == "6901234567892"  # it goes on selling


async def test_f39_the_set_up_of_a_line_scanner_is_compared_too() -> None:
    honeywell = MODELS.named("honeywell")
    async with LineScannerSim(PtyWire(), maker="honeywell") as sim:
        scanner = SerialScanner("s", sim.address, model=honeywell)
        async with running(scanner):
            await until(lambda: scanner.setup)
        options = ScannerOptions(setup=scanner.setup)
        checked = SerialScanner("s", sim.address, options, model=honeywell)
        async with running(checked):
            await until(lambda: checked.setup)
            assert checked.state.health is Health.OK
        assert sim.program("SUFBK2", "")  # a shopper's code: no suffix any more
        async with running(checked):
            await until(lambda: checked.state.health is Health.DEGRADED)
            assert "lock it" in checked.state.reason
        sim.locked = True
        assert not sim.program("TERMID", "124")


async def test_codes_do_not_wait_for_the_answer_about_the_set_up() -> None:
    async with LineScannerSim(PtyWire(), profile="mute", maker="honeywell") as sim:
        options = ScannerOptions(setup="0123456789abcdef")
        scanner = SerialScanner("s", sim.address, options, model=MODELS.named("honeywell"))
        async with running(scanner) as codes:
            sim.scan("6901234567892", "]E0")
            assert await following(codes, 0.5) == "6901234567892"
            await until(lambda: scanner.state.health is Health.DEGRADED)
            assert "does not tell" in scanner.state.reason


async def test_the_same_item_in_two_passes_counts_twice_and_in_one_once() -> None:
    async with LineScannerSim(PtyWire()) as sim:
        scanner = SerialScanner("s", sim.address, ScannerOptions(again_s=0.05))
        async with running(scanner) as codes:
            for _ in range(5):
                sim.scan("6901234567892")
            assert await following(codes) == "6901234567892"
            await until(lambda: scanner.intake.repeated == 4)
            started = asyncio.get_running_loop().time()
            await until(lambda: asyncio.get_running_loop().time() - started > 0.06)
            sim.scan("6901234567892")
            sim.scan("96385074")
            assert [await following(codes), await following(codes)] == ["6901234567892", "96385074"]


@pytest.mark.parametrize(
    "how", [{}, {"fnc1": "f8"}, {"fnc1": "|"}, {"keypad": True}, {"caps": True}, {"suffix": "tab"}]
)
async def test_a_keyboard_is_read_however_it_types(how: dict[str, object]) -> None:
    fnc1 = str(how.get("fnc1", "ctrl"))
    async with HidScannerSim(PtyWire(), **how) as sim:  # type: ignore[arg-type]
        scanner = HidScanner("s", f"evdev:{sim.address}", HidOptions(fnc1="F8" if fnc1 == "f8" else fnc1))
        async with running(scanner) as codes:
            sim.press("shift")
            for text in ("6901234567892", "AbC-100/7 $%+.", "0106901234567892\x1d10A"):
                sim.scan(text)
                assert await following(codes) == text
        assert not scanner.intake.refused


async def test_a_keyboard_without_terminator_is_read_by_silence() -> None:
    async with HidScannerSim(PtyWire(), suffix="none") as sim:
        scanner = HidScanner("s", f"evdev:{sim.address}", HidOptions(suffix=End.NONE, idle_s=0.03))
        async with running(scanner) as codes:
            sim.scan("6901234567892")
            assert await following(codes) == "6901234567892"


async def test_f38_keys_that_would_command_something_spoil_the_code_and_are_counted() -> None:
    async with HidScannerSim(PtyWire()) as sim:
        scanner = HidScanner("s", f"evdev:{sim.address}")
        async with running(scanner) as codes:
            sim.scan("690123\x12456")  # Ctrl and r in the middle
            sim.press("meta", "r")
            sim.press("ctrl", "alt", "t")
            sim.scan("calc")
            sim.scan("6901234567892")
            assert await following(codes) == "6901234567892"
        assert scanner.intake.refused == {"control_character": 2}


async def test_what_a_person_types_is_no_scan_unless_it_is_wanted() -> None:
    async with HidScannerSim(PtyWire()) as sim:
        strict, open_to_people = (
            HidScanner("s", f"evdev:{sim.address}", HidOptions(people=people)) for people in (False, True)
        )
        async with running(strict):
            sim.type_by_hand("6901234567892")
            await until(lambda: strict.intake.refused == {"typed": 1})
        async with running(open_to_people) as codes:
            sim.type_by_hand("6901234567892")
            assert await following(codes) == "6901234567892"


async def test_a_fifo_may_stand_for_a_keyboard(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "keys")
    async with HidScannerSim(PtyWire()) as typist:
        events = bytearray()
        typist.wire.send = events.extend  # type: ignore[method-assign, assignment]
        typist.scan("6901234567892")
    scanner = HidScanner("s", f"evdev:{tmp_path / 'keys'}")
    async with running(scanner) as codes:
        (tmp_path / "keys").write_bytes(events)
        assert await following(codes) == "6901234567892"


@pytest.mark.skipif(not uinput.available(), reason="this machine has no /dev/uinput to make a keyboard with")
async def test_a_keyboard_of_the_kernel_is_ours_alone_and_read() -> None:
    async with HidScannerSim(uinput.UinputWire()) as sim:
        scanner = HidScanner("s", f"evdev:{sim.address}")
        async with running(scanner) as codes:
            sim.scan("]E06901234567892")
            assert await following(codes) == "6901234567892"
            with pytest.raises(DeviceUnavailable, match="cannot be grabbed"):
                evdev.open_evdev(sim.address)
            sim.unplug()
            await until(lambda: scanner.state.health is Health.ABSENT)


def test_what_cannot_be_grabbed_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*_: object) -> int:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr("fcntl.ioctl", held)
    with pytest.raises(DeviceUnavailable, match="cannot be grabbed"):
        evdev.grab(0, "/dev/input/event0")


@pytest.mark.parametrize("path", ["/dev/null", "/etc/hostname", "/dev/input/no-such-event"])
async def test_what_is_no_keyboard_is_refused(path: str) -> None:
    with pytest.raises(DeviceUnavailable):
        evdev.open_evdev(path)


async def test_an_input_device_of_the_kernel_is_always_grabbed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []
    real = os.stat_result((stat.S_IFCHR | 0o660, 0, 0, 1, 0, 0, 0, 0, 0, 0), {"st_rdev": os.makedev(13, 64)})
    monkeypatch.setattr("os.fstat", lambda _: real)

    def ioctl(_: int, request: int, __: object) -> bytes:
        asked.append(request)
        return bytes((0b10, 0, 0, 0, 0, 0, 0, 0))  # the lamp of caps lock burns

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    path = tmp_path / "event5"
    path.touch()
    device = evdev.open_evdev(str(path))
    assert asked == [evdev.EVIOCGRAB, evdev.EVIOCSCLOCKID, evdev.EVIOCGLED]
    decoder = KeyDecoder(Typing(human_s=1))
    keys = b"".join(evdev.EVENT.pack(1, 0, 1, key, 1) for key in (30, 48, 46, 28))
    assert decoder.feed(await device.read() + keys) == [Code("ABC", None)]
    await device.close()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("kind", ["ssi", "hid"])
async def test_f45_plugged_in_again_and_again_it_leaks_nothing_and_logs_each_outage_once(
    kind: str, tmp_path: Path
) -> None:
    wire = PtyWire(tmp_path / "scanner")
    sim = SsiScannerSim(wire) if kind == "ssi" else HidScannerSim(wire)
    async with sim:
        scanner: ServedDevice
        if kind == "ssi":
            scanner = SsiScanner("s", sim.address, backoff=quick())
        else:
            scanner = HidScanner("s", f"evdev:{sim.address}", backoff=quick())
        with structlog.testing.capture_logs() as logs:
            async with running(scanner) as codes:
                before = open_files()
                for number in range(100):
                    sim.unplug()
                    await until(lambda: scanner.state.health is Health.ABSENT)
                    sim.replug()
                    await until(lambda: scanner.state.health is Health.OK)
                    if number % 20 == 0:
                        sim.scan(f"{number:08d}", "]C0")
                        assert await following(codes) == f"{number:08d}"
                await until(lambda: open_files() <= before)
        events = [entry["event"] for entry in logs if entry["event"].startswith("device_")]
        assert events == ["device_lost", "device_recovered"] * 100
