"""One device under supervision: whatever its driver does, the store goes on selling and the driver comes back.

A driver mends what hardware does to it by itself. What is mended here is the driver: it ended, it raised what nobody expected, it does not
leave the state ``opening``, or it does not answer. Then it is cut off and built anew: soon the first times, slowly once its budget is gone.
A driver that blocks the event loop cannot be cut off by anybody: blocking calls belong into threads.

The application holds the ``Bay`` and never the driver behind it, which may be another one after the next ``await``:

    weight = await attached.scale.ask(lambda scale: scale.weigh(), within_s=5)     # an answer, or DeviceUnavailable
    attached.display.tell(lambda display: display.show(shown))                     # what never waits, never fails
    async for scan in scanner.stream(aiter): …                                     # goes on with the next driver
"""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, TypeVar

import structlog

from devices.backoff import Backoff
from devices.errors import DeviceError, DeviceUnavailable
from devices.health import Report
from devices.meaning import visible
from devices.ports import Device, DeviceState, Health
from devices.registry import KINDS, DeviceSettings
from devices.surroundings import Arrivals, NoNews
from edge_agent.leash import Leash, until_replaced
from edge_agent.patience import Patience, RestartBudget

D = TypeVar("D", bound=Device)
T = TypeVar("T")
Other = TypeVar("Other")

_log = structlog.get_logger(__name__)


class Bay(Generic[D]):
    """One entry of the settings: its driver of the moment, and how the device is.

    Attributes:
        settings: the entry.
        restarts: how often a new driver was needed.
        leash: ends its tasks, and counts those that would not.
    """

    def __init__(
        self,
        settings: DeviceSettings,
        build: Callable[[Report], D],
        *,
        report: Report | None = None,
        arrivals: Arrivals | None = None,
        patience: Patience | None = None,
        backoff: Backoff | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the driver; nothing is opened yet.

        Args:
            settings: the entry.
            build: makes a driver that tells its states to the given function.
            report: told every change of the device's state.
            arrivals: news of hardware that was plugged in.
            patience: with the driver.
            backoff: waits before new starts.
            now: a steady clock.

        Raises:
            DeviceError: settings that no driver can serve.
        """
        self.settings = settings
        self.restarts = 0
        self._build, self._report, self._arrivals = build, report, arrivals or NoNews()
        self._patience, self._backoff, self._now = patience or Patience(), backoff or Backoff(0.5, 30.0), now
        self.leash = Leash(settings.device_id, self._patience.cut_s)
        self._budget = RestartBudget(self._patience)
        self._device: D | None = None
        self._generation = 0
        self._judged: DeviceState | None = None
        self._logged = ""
        self._ended: asyncio.Future[str] | None = None
        self._refitted = asyncio.Event()
        self._late: asyncio.TimerHandle | None = None
        self._moved = asyncio.Event()
        self._fit()

    @property
    def device_id(self) -> str:
        """The name in settings, on screens and in logs."""
        return self.settings.device_id

    @property
    def device_class(self) -> str:
        """What it is, in UnifiedPOS words."""
        return KINDS.get(self.settings.kind, "")

    @property
    def device(self) -> D:
        """The driver of this moment; do not keep it.

        Raises:
            DeviceUnavailable: it could not be built.
        """
        if self._device is None:
            raise DeviceUnavailable(self.device_id, self.state.reason)
        return self._device

    @property
    def state(self) -> DeviceState:
        """How the device is: what its driver says, unless the driver itself is what is wrong."""
        if self._judged is not None:
            return self._judged
        return self._device.state if self._device is not None else DeviceState(Health.OPENING)

    async def until_works(self) -> None:
        """Wait until the device can be used."""
        while not self.state.health.works:
            await self.until_moved()

    async def until_moved(self) -> None:
        """Wait for the next change of state."""
        moved = self._moved
        await moved.wait()

    # -- its life

    async def run(self) -> None:
        """Keep a driver running until cancelled."""
        while True:
            began_s = self._now()
            reason = await self._life()
            self._generation += 1  # who was given up is not heard any more, also while nobody has taken its place
            self.restarts += 1
            if self._now() - began_s > self._patience.within_s:
                self._backoff.reset()
            await self._rest(reason)
            self._refit()

    async def _life(self) -> str:
        """Run the driver; return why that ended."""
        if self._device is None:
            return self.state.reason
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()
        self._ended = ended
        # Not in a group: a group waits for its tasks, and this one may have to be abandoned.
        running = loop.create_task(self._device.run(), name=f"driver:{self.device_id}")
        running.add_done_callback(self._finished)
        self._hear(self._device.state)
        try:
            return await ended
        finally:
            self._ended = None
            self._stop_watching()
            await self.leash.end(running)

    async def _rest(self, reason: str) -> None:
        """Wait before the next start: not for long while there is budget, else until a person has done something."""
        if self._budget.spend(self._now()):
            self._judge(f"{reason}; it is started again")
            await asyncio.sleep(self._backoff.wait_s())
            return
        often, slow_s = self._patience.said(), self._patience.slow_s
        self._judge(f"{reason}, {often}: unplug it and plug it in; it is tried again in {slow_s / 60:g} min")
        await self._arrivals.wait(slow_s)

    def _fit(self) -> None:
        """Build a driver; only the newest is heard."""
        generation = self._generation = self._generation + 1

        def heard(_: str, state: DeviceState) -> None:
            if self._generation == generation:
                self._hear(state)

        try:
            self._device = self._build(heard)
        except DeviceError:
            raise
        except Exception as error:  # noqa: BLE001 - outermost line of a driver: a missing library must not stop the store
            self._device = None
            self._judge(_failed(error))
        renewed, self._refitted = self._refitted, asyncio.Event()
        renewed.set()

    def _refit(self) -> None:
        """Build the next driver: an entry that was right at the start may be wrong by now, as when a file that it names was spoilt."""
        try:
            self._fit()
        except DeviceError as error:
            self._device = None
            self._judge(str(error))

    def _finished(self, running: asyncio.Task[None]) -> None:
        error = None if running.cancelled() else running.exception()
        self._end("its driver ended" if error is None else _failed(error))

    def _end(self, reason: str) -> None:
        """End the present driver; a second reason changes nothing."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(reason)

    # -- states

    def _hear(self, state: DeviceState) -> None:
        if state.health is Health.OPENING:
            self._watch_opening()
            return
        self._stop_watching()
        self._judged = None
        if state.health.works and self._logged:
            self._logged = ""
            _log.info("driver_recovered", device_id=self.device_id)
        self._tell_of(state)

    def _judge(self, reason: str) -> None:
        """Say that the driver is what is wrong; in the log once, however often it starts and fails again."""
        self._judged = DeviceState(Health.FAILED, reason, self._now())
        if not self._logged:
            _log.error("driver_failed", device_id=self.device_id, reason=reason)
        self._logged = reason
        self._tell_of(self._judged)

    def _tell_of(self, state: DeviceState) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        if self._report is not None:
            self._report(self.device_id, state)

    def _watch_opening(self) -> None:
        if self._late is None and self._ended is not None:
            wait_s = self._patience.opening_s
            reason = f"its driver was still opening after {wait_s:g} s"
            self._late = asyncio.get_running_loop().call_later(wait_s, self._end, reason)

    def _stop_watching(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    # -- what the application asks

    async def ask(self, question: Callable[[D], Coroutine[Any, Any, T]], within_s: float) -> T:
        """Return the driver's answer; a driver that does not answer in time is replaced.

        Args:
            question: what to await, such as ``lambda scale: scale.weigh()``.
            within_s: more than the driver's own deadline for it.

        Raises:
            DeviceUnavailable: no answer, or the driver failed.
            DeviceError: as the driver says.
        """
        if self._judged is not None:  # being replaced: an answer would come from the driver that was given up
            raise DeviceUnavailable(self.device_id, self._judged.reason)
        asking = asyncio.get_running_loop().create_task(_asked(question, self.device), name=f"ask:{self.device_id}")
        try:
            await asyncio.wait({asking}, timeout=within_s)
            if asking.done():
                return self._answer(asking)
        finally:
            if not asking.done():
                await self.leash.end(asking)
        raise self._hung(f"its driver did not answer within {within_s:g} s")

    def tell(self, what: Callable[[D], None]) -> None:
        """Tell the driver what needs no answer; never waits and never raises."""
        if self._device is None:
            return
        try:
            what(self._device)
        except DeviceError as error:
            _log.warning("device_refused", device_id=self.device_id, reason=str(error))
        except Exception as error:  # noqa: BLE001 - outermost line of a driver
            self._end(_failed(error))

    def peek(self, what: Callable[[D], T], otherwise: Other) -> T | Other:
        """Return something that the driver knows by itself, such as what it can; ``otherwise`` when it has no answer. Never raises."""
        if self._device is None:
            return otherwise
        try:
            return what(self._device)
        except DeviceError:
            return otherwise
        except Exception as error:  # noqa: BLE001 - outermost line of a driver
            self._end(_failed(error))
            return otherwise

    async def stream(self, readings: Callable[[D], AsyncIterator[T]]) -> AsyncIterator[T]:
        """Yield what the drivers yield, one driver after the other; ends only by cancellation."""
        while True:
            refitted = self._refitted
            begun = self.peek(readings, None)
            if begun is not None:
                async for reading in until_replaced(
                    begun, refitted, self.leash, lambda error: self._end(_failed(error))
                ):
                    yield reading
            await refitted.wait()

    def _answer(self, asked: asyncio.Task[T]) -> T:
        error = asyncio.CancelledError() if asked.cancelled() else asked.exception()
        if error is None:
            return asked.result()
        if isinstance(error, DeviceError):
            raise error
        raise self._hung(_failed(error)) from error

    def _hung(self, reason: str) -> DeviceUnavailable:
        self._end(reason)
        return DeviceUnavailable(self.device_id, reason)


async def _asked(question: Callable[[D], Coroutine[Any, Any, T]], device: D) -> T:
    # Inside the task, so that a driver which fails before its first ``await`` is judged like any other.
    return await question(device)


def _failed(error: BaseException) -> str:
    if isinstance(error, StopAsyncIteration):
        return "its driver's readings ended"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"its driver failed{where} ({type(error).__name__}: {visible(str(error)[:200])})"
