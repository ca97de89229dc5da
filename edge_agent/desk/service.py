"""The desk inside a running agent: what ``shopwire devices`` asks over the control socket while the agent holds the devices."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from devices.errors import DeviceError
from devices.ports.scale import NotReady
from edge_agent.attached import AnyBay, Attached
from edge_agent.control import Ask
from edge_agent.desk.errors import NoSuchDevice
from edge_agent.desk.listing import rows_of
from edge_agent.desk.taps import Taps
from edge_agent.desk.trials import try_out
from edge_agent.device_news import states_of
from edge_agent.errors import EdgeError
from edge_agent.features import Word, Work
from edge_agent.findings import told
from edge_agent.identities import Identities
from edge_agent.settings import Language
from edge_agent.texts import short, texts

MAX_TRACE_S = 3600.0
WEIGH_S = 0.5


class Desk:
    """Answers the installer while the store sells."""

    def __init__(
        self,
        attached: Attached,
        identities: Identities,
        taps: Taps,
        language: Language,
        afterwards: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Take what is asked about; ``afterwards`` puts back what displays and lamps showed before they were tried out."""
        self._attached, self._identities, self._taps, self._language = attached, identities, taps, language
        self._afterwards = afterwards
        self._ends: dict[str, asyncio.TimerHandle] = {}

    @property
    def words(self) -> Mapping[str, Word]:
        """``devices``, ``device_test``, ``device_look``, ``device_trace``."""
        return {
            "devices": self._list,
            "device_test": self._test,
            "device_look": self._look,
            "device_trace": self._trace,
        }

    def work(self) -> Work:
        """Nothing runs until somebody asks."""
        return {}

    async def finish(self) -> None:
        """End what is being recorded."""
        for device_id, end in self._ends.items():
            end.cancel()
            self._taps.end(device_id)

    async def _list(self, _: Ask) -> dict[str, Any]:
        attached = self._attached
        there = attached.plug.attached if attached.plug is not None else ()
        units = {
            bay.device_id: unit for bay in attached.bays if (unit := self._identities.unit(bay.device_id)) is not None
        }
        return {"rows": rows_of([bay.settings for bay in attached.bays], there, states_of(attached), units)}

    async def _test(self, ask: Ask) -> dict[str, Any]:
        """Try devices out; a scanner's codes belong to the lane, so only its beep is tried."""
        language: Language = "zh-CN" if ask.get("lang", self._language) in ("zh", "zh-CN") else "en"
        bays = self._attached.bays if ask.get("all") else (self._bay(ask),)
        words = texts(language)
        try:
            found = [told(await try_out(bay, words), words, short(language)) for bay in bays]
        finally:
            for put_back in self._afterwards:
                put_back()
        return {"findings": [each._asdict() for each in found]}

    async def _look(self, ask: Ask) -> dict[str, Any]:
        """Return a device's state, and of a scale what lies on it."""
        bay = self._bay(ask)
        seen: dict[str, Any] = {"device_id": bay.device_id, **states_of(self._attached)[bay.device_id]}
        if bay.device_class == "Scale" and bay.state.health.works:
            seen["reading"] = await _glance(bay)
        return seen

    async def _trace(self, ask: Ask) -> dict[str, Any]:
        """Record a device's bytes into a file for a while; ``seconds`` 0 ends it."""
        bay, seconds = self._bay(ask), min(float(ask.get("seconds", 0)), MAX_TRACE_S)
        if (before := self._ends.pop(bay.device_id, None)) is not None:
            before.cancel()
        if seconds <= 0:
            return {"device_id": bay.device_id, "whole": self._taps.end(bay.device_id)}
        try:
            self._taps.begin(bay.device_id, Path(str(ask["file"])))
        except OSError as error:
            raise EdgeError(f"{ask['file']} cannot be written: {error.strerror}") from error
        loop = asyncio.get_running_loop()
        self._ends[bay.device_id] = loop.call_later(seconds, self._taps.end, bay.device_id)
        return {"device_id": bay.device_id, "file": str(ask["file"]), "seconds": seconds}

    def _bay(self, ask: Ask) -> AnyBay:
        name = str(ask["device"])
        bay = self._attached.named(name)
        if bay is None:
            raise NoSuchDevice(name, ", ".join(each.device_id for each in self._attached.bays))
        return bay


async def _glance(bay: AnyBay) -> dict[str, Any]:
    """Return what a scale shows now, without weighing anything for a sale."""
    try:
        async with asyncio.timeout(WEIGH_S):
            async for weight in bay.stream(lambda scale: scale.readings()):
                return shown(weight)
    except (TimeoutError, DeviceError):
        pass
    return {}


def shown(weight: Any) -> dict[str, Any]:
    """Return a weight as JSON."""
    if isinstance(weight, NotReady):
        return {"ready": False, "reason": weight.reason.value, "weight_g": weight.weight_g}
    return {"ready": True, "weight_g": weight.weight_g, "net": weight.net}
