"""One device's state with one setter, which logs changes and nothing else: lost once, recovered once."""

import time
from collections.abc import Callable

import structlog

from devices.meaning import visible
from devices.ports import DeviceState, Health
from devices.token_bucket import TokenBucket

Report = Callable[[str, DeviceState], None]

AT_ONCE = 120
"""So many losses of one device are logged as they come: a day of honest ones …"""
PER_LOSS_S = 10.0
"""… and then one in this time: a loose contact comes and goes many times a second, and must not fill the disk that the sales need."""

_log = structlog.get_logger(__name__)


class DeviceHealth:
    """Holds a device's state; ``report`` is told every change (device id, new state)."""

    def __init__(self, device_id: str, report: Report | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OPENING, since_s=now())
        self._report = report
        self._now = now
        self._lost = False  # as the log says
        self._allowed = TokenBucket(1 / PER_LOSS_S, AT_ONCE, now())

    def set(self, health: Health, reason: str = "") -> None:
        """Move to ``health``; the same state with the same reason again is no change.

        A device has a hand in the reason: on screens and in logs its control characters are shown and not obeyed.
        """
        reason = visible(reason)
        if (health, reason) == (self.state.health, self.state.reason):
            if not health.works:
                self._log_change(health, reason)  # a loss that was one too many for the log, and lasts
            return
        # Another reason for the same word is no new beginning: a device is absent since its cable was pulled.
        since_s = self.state.since_s if health is self.state.health else self._now()
        self.state = DeviceState(health, reason, since_s)
        self._log_change(health, reason)
        if self._report is not None:
            self._report(self.device_id, self.state)

    def _log_change(self, health: Health, reason: str) -> None:
        if health.works:
            if self._lost:
                _log.info("device_recovered", device_id=self.device_id, reason=reason)
            elif reason and self._may_log():
                _log.info("device_degraded", device_id=self.device_id, reason=reason)
            self._lost = False
        elif health is not Health.OPENING and not self._lost and self._may_log():
            # OPENING is no news: between two attempts of one outage the device is still the lost one.
            _log.warning("device_lost", device_id=self.device_id, reason=reason)
            self._lost = True

    def _may_log(self) -> bool:
        return self._allowed.take(self._now()) == 0


class HasHealth:
    """What a driver shows of itself, kept in one ``DeviceHealth``.

    Attributes:
        health: the state; the driver sets it.
    """

    def __init__(self, device_id: str, report: Report | None = None) -> None:
        self.health = DeviceHealth(device_id, report)

    @property
    def device_id(self) -> str:
        """The name in settings, screens and logs."""
        return self.health.device_id

    @property
    def state(self) -> DeviceState:
        """How the device is now."""
        return self.health.state
