"""A device whose opening takes long: the kernel may hold who opens it for seconds, and nothing else may stand still meanwhile."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import serial

from devices.errors import DeviceUnavailable
from devices.transport import Transport
from devices.transport.address import open_transport, parse_address
from firmware_sim.wire import PtyWire
from tests.waiting import until


class Hanging:
    """``serial.Serial`` of a line whose firmware hangs: it opens when ``go`` is set."""

    def __init__(self, really: Callable[..., serial.Serial]) -> None:
        self.go = threading.Event()
        self.ports: list[serial.Serial] = []
        self.attempts = 0
        self._really = really

    def __call__(self, *args: Any, **options: Any) -> serial.Serial:
        self.attempts += 1
        assert self.go.wait(20)
        self.ports.append(self._really(*args, **options))
        return self.ports[-1]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    found = Hanging(serial.Serial)
    monkeypatch.setattr("devices.transport.serial.serial.Serial", found)
    return found


def opening(wire: PtyWire, within_s: float = 5.0) -> "asyncio.Task[Transport]":
    return asyncio.create_task(open_transport(parse_address(wire.address), within_s))


async def test_the_store_goes_on_while_a_line_hangs_at_opening(hanging: Hanging) -> None:
    async with PtyWire() as wire:
        attempt = opening(wire)
        async with asyncio.timeout(2):
            await until(lambda: hanging.attempts == 1)  # and the loop is ours all the time
        hanging.go.set()
        transport = await attempt
        await transport.write(b"W")
        await transport.close()
        assert not hanging.ports[0].is_open


async def test_a_line_that_does_not_open_in_time_is_absent_and_asked_for_once(hanging: Hanging) -> None:
    async with PtyWire() as wire:
        with pytest.raises(DeviceUnavailable, match=r"did not open within 0\.05 s"):
            await opening(wire, 0.05)
        for _ in range(3):
            with pytest.raises(DeviceUnavailable, match="still being opened"):
                await opening(wire, 0.05)
        assert hanging.attempts == 1
        hanging.go.set()
        await until(lambda: hanging.ports and not hanging.ports[0].is_open)  # nobody waits for it any more
        async with asyncio.timeout(5):
            transport = await opening(wire)
        await transport.close()


async def test_a_line_that_opens_after_its_driver_was_cut_off_is_let_go(hanging: Hanging) -> None:
    async with PtyWire() as wire:
        attempt = opening(wire)
        await until(lambda: hanging.attempts == 1)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        hanging.go.set()
        await until(lambda: hanging.ports and not hanging.ports[0].is_open)
