"""The light over the lane: green sells, yellow wants somebody soon, red wants somebody now."""

from collections.abc import Iterable, Mapping

from devices.ports import DeviceState, Health
from devices.ports.light import Colour, Signal
from edge_agent.attached import Attached
from edge_agent.device_news import DeviceNews
from edge_agent.features import Word, Work

_GONE = (Health.ABSENT, Health.FAILED)
_NEEDED = {"POSPrinter", "Scanner", "Scale"}
"""Without one of these a lane cannot sell everything to everybody."""


class Signalling:
    """Keeps the signal light at the state of the store's devices."""

    def __init__(self, attached: Attached, news: DeviceNews) -> None:
        self._attached = attached
        if attached.light is not None:
            news.on_change.append(self._changed)

    @property
    def words(self) -> Mapping[str, Word]:
        """Nothing is asked of it."""
        return {}

    def work(self) -> Work:
        """Nothing runs: each change of a device moves the light."""
        self.again()
        return {}

    async def finish(self) -> None:
        """Put the light out: the lane is closed."""
        if self._attached.light is not None:
            self._attached.light.tell(lambda light: light.signal(Signal()))

    def _changed(self, _: str, __: DeviceState) -> None:
        self.again()

    def again(self) -> None:
        """Signal what the devices ask for, after the lamps showed something else."""
        if self._attached.light is not None:
            signal = signal_of((bay.device_class, bay.state.health) for bay in self._attached.bays)
            self._attached.light.tell(lambda light: light.signal(signal))


def signal_of(devices: Iterable[tuple[str, Health]]) -> Signal:
    """Return the light for devices of these classes and healths; red flashes, so that it is told from green by anybody."""
    others = [(device_class, health) for device_class, health in devices if device_class != "Lights"]
    working = {device_class for device_class, health in others if health not in _GONE}
    gone = {device_class for device_class, health in others if health in _GONE}
    if (gone - working) & _NEEDED:  # a lane with a second scanner goes on
        return Signal(frozenset({Colour.RED}), frozenset({Colour.RED}))
    if gone or any(health is Health.DEGRADED for _, health in others):
        return Signal(frozenset({Colour.GREEN, Colour.YELLOW}))
    return Signal(frozenset({Colour.GREEN}))
