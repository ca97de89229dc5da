"""Strikes the chain as the schedule says, and puts right what it broke: one fault at a time per victim, several victims at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from firmware_sim.chain.headquarters import Headquarters, OwnBroker
from firmware_sim.chain.host import EdgeHost
from firmware_sim.chain.wire import Wire
from firmware_sim.replay.faults import KILLS, Fault, FaultKind
from firmware_sim.replay.progress import Count, Progress

_SLOW_RATE_BYTES_S = 16_000
_SLOW_DELAY_S = 0.3


class Nemesis:
    """Everything that goes wrong in one replay; ``struck`` counts what did."""

    def __init__(
        self,
        schedule: Sequence[Fault],
        hosts: list[EdgeHost],
        wires: list[Wire],
        broker: OwnBroker,
        headquarters: Headquarters,
        progress: Progress,
    ) -> None:
        """Strike ``hosts`` and the ``wires`` that lead to them (same order), the broker and headquarters."""
        self.struck: Counter[FaultKind] = Counter()
        self._schedule = schedule
        self._hosts, self._wires = hosts, wires
        self._broker, self._headquarters = broker, headquarters
        self._progress = progress
        self._locks: dict[str, asyncio.Lock] = {}
        self._sold = asyncio.Event()
        self._number = 0

    def sold(self) -> None:
        """Hear that another basket was sold."""
        self._sold.set()

    async def run(self, count: Count) -> None:
        """Strike until the schedule is done and everything runs again."""
        async with asyncio.TaskGroup() as strikes:
            for fault in self._schedule:
                while count.sold < fault.after_baskets:
                    self._sold.clear()
                    await self._sold.wait()
                strikes.create_task(self._strike(fault), name=f"fault:{fault.kind}")

    async def _strike(self, fault: Fault) -> None:
        victim = fault.kind if fault.kind in ("coordinator", "broker") else self._hosts[fault.target].name
        lane = "line " if fault.kind not in KILLS else ""
        async with self._locks.setdefault(lane + victim, asyncio.Lock()):
            self.struck[fault.kind] += 1
            match fault.kind:
                case "edge":
                    await self._kill_host(self._hosts[fault.target])
                case "coordinator":
                    await self._kill_headquarters(fault.duration_s)
                case "broker":
                    await self._kill_broker(fault.duration_s)
                case "cut" | "black_hole" | "slow" | "reset":
                    await self._break(fault.kind, self._wires[fault.target], fault.duration_s)

    async def _kill_host(self, host: EdgeHost) -> None:
        await host.up()
        self._note("fault.edge", name=host.name, unanswered=host.unanswered)
        host.kill()
        await host.up()

    async def _kill_headquarters(self, down_s: float) -> None:
        self._note("fault.coordinator")
        await self._headquarters.kill()
        await asyncio.sleep(down_s)
        await self._headquarters.start()

    async def _kill_broker(self, down_s: float) -> None:
        self._note("fault.broker")
        await self._broker.kill()
        await asyncio.sleep(down_s)
        await self._broker.start()

    async def _break(self, how: FaultKind, wire: Wire, for_s: float) -> None:
        self._note(f"fault.{how}", name=wire.name, seconds=for_s)
        if how == "slow":
            await wire.do("weather", delay_s=_SLOW_DELAY_S, rate_bytes_s=_SLOW_RATE_BYTES_S)
        else:
            await wire.do(how)
        await asyncio.sleep(for_s)
        await wire.mend()

    def _note(self, key: str, **values: object) -> None:
        self._number += 1
        self._progress.fault(self._number, key, **values)
