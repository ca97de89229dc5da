"""Which unit each device of the settings was the last time: a port swap and a stranger in a known place are told, not guessed around.

What is remembered lies in ``devices.json`` beside the journal. It decides nothing: a store whose memory is lost learns it again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from devices.errors import DeviceError
from devices.identity import SCHEME, Identity, Swap, at_node, compare, find, identity_of, parse_usb
from devices.inventory import Peripheral
from devices.ports import DeviceState
from edge_agent.attached import Attached
from edge_agent.counter import Counter
from edge_agent.device_news import told
from edge_agent.features import Word, Work
from edge_agent.handlers.state import device_swapped
from link.files import PUBLIC, write_durably

_log = structlog.get_logger(__name__)

Units = dict[str, Identity]

AGAIN_S = 3600.0


class Identities:
    """Looks who a device is whenever it begins to work, and whenever something was plugged in."""

    def __init__(self, file: Path, attached: Attached, counter: Counter) -> None:
        self._file, self._attached, self._counter = file, attached, counter
        self._units = remembered(file)
        self._appeared: asyncio.Queue[str] = asyncio.Queue(maxsize=256)

    @property
    def words(self) -> Mapping[str, Word]:
        """None: ``devices`` shows what is known."""
        return {}

    def heard(self, device_id: str, state: DeviceState) -> None:
        """Take a change of a device's state."""
        if state.health.works and not self._appeared.full():
            self._appeared.put_nowait(device_id)

    def unit(self, device_id: str) -> Identity | None:
        """Return who a device was when it was last seen."""
        return self._units.get(device_id)

    def work(self) -> Work:
        """Return the tasks that look."""
        return {"devices:identities": self._look(), "devices:arrivals": self._look_again()}

    async def finish(self) -> None:
        """Nothing is open."""

    async def _look(self) -> None:
        while True:
            device_id = await self._appeared.get()
            bay, plug = self._attached.named(device_id), self._attached.plug
            if bay is None or plug is None:
                continue
            if (one := unit_at(bay.settings.address, plug.attached)) is not None:
                await self._compare(device_id, bay.state, identity_of(one))

    async def _look_again(self) -> None:
        """After each arrival: a driver that tries by itself may have opened a node before anybody had read who is there."""
        while self._attached.plug is not None:
            await self._attached.plug.wait(AGAIN_S)
            for bay in self._attached.bays:
                self.heard(bay.device_id, bay.state)

    async def _compare(self, device_id: str, state: DeviceState, now: Identity) -> None:
        before = self._units.get(device_id)
        if before == now:
            return
        swap = compare(before, now) if before is not None else None
        if swap is not None:
            await self._tell(device_id, state, swap)
        self._units[device_id] = now  # after it was told: a crash in between tells twice rather than never
        await asyncio.to_thread(self._keep, msgspec.json.encode(self._units))

    async def _tell(self, device_id: str, state: DeviceState, swap: Swap) -> None:
        _log.warning("device_swapped", device_id=device_id, kind=swap.kind, reason=swap.said())
        await self._counter.do_when_room(
            lambda uow, clock: device_swapped(device_id, state.health.value, swap.kind, told(swap.said()), uow, clock)
        )

    def _keep(self, text: bytes) -> None:
        try:
            write_durably(self._file, text.decode() + "\n", mode=PUBLIC)
        except OSError as error:  # a full disk: the next start compares with what was kept before
            _log.warning("identities_not_kept", reason=error.strerror)


def unit_at(address: str, attached: Sequence[Peripheral]) -> Peripheral | None:
    """Return the unit that an address leads to; None when that is no hardware of this box, or is not attached."""
    if not address.startswith(SCHEME):
        return at_node(address, attached)
    try:
        return find(parse_usb(address), attached, address)
    except DeviceError:
        return None


def remembered(file: Path) -> Units:
    """Return what was kept; a file that cannot be read is an empty memory."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Units)
    except (OSError, msgspec.MsgspecError):
        return {}
