"""What a command of the desk is about: devices of a store file or one at an address, and the running agent that may hold them."""

import asyncio
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from devices.registry import DeviceSettings
from edge_agent.control import ControlClient, answered
from edge_agent.desk.errors import AgentHoldsDevices, NoSuchDevice, NothingConfigured, WhichDevice
from edge_agent.errors import AgentNotRunning, EdgeError
from edge_agent.settings import EdgeSettings, load

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The store file / 门店配置文件."
)
_OPTIONS = (
    click.argument("device", default=""),
    config_option,
    click.option("--address", default="", help="A device without a store file / 直接指定设备地址."),
    click.option("--kind", default="", help="Its driver, such as printer_escpos / 驱动."),
    click.option("--profile", default="", help="Its model / 型号."),
)


class Asked:
    """What the options say.

    Attributes:
        settings: the store file's, None where none was named.
        devices: its devices, or the one at an address.
    """

    def __init__(self, config: Path | None, address: str = "", kind: str = "", profile: str = "") -> None:
        """Read the store file; a device at an address without a kind is asked what it is.

        Raises:
            EdgeError: a store file that cannot be read, or a device that does not say what it is.
        """
        self.settings: EdgeSettings | None = None
        self.devices: tuple[DeviceSettings, ...] = ()
        if address:
            self.devices = (DeviceSettings("device", kind or _guess(address), address, profile),)
        elif config is not None or "EDGE_DATA_DIR" in os.environ:
            self.settings = load(config, None, os.environ).settings
            self.devices = self.settings.devices

    def all(self) -> tuple[DeviceSettings, ...]:
        """Return every device.

        Raises:
            NothingConfigured: there is none.
        """
        if not self.devices:
            raise NothingConfigured
        return self.devices

    def one(self, name: str) -> DeviceSettings:
        """Return the device called ``name``, or the only one.

        Raises:
            NoSuchDevice: there is none.
            WhichDevice: there are several, and no name.
        """
        found = [each for each in self.all() if name in ("", each.device_id)]
        if len(found) > 1:
            raise WhichDevice(", ".join(each.device_id for each in self.devices))
        if not found:
            raise NoSuchDevice(name, ", ".join(each.device_id for each in self.devices))
        return found[0]

    def agent(self) -> "RunningAgent | None":
        """Return a line to the agent that runs from this store file, None when none runs."""
        if self.settings is None:
            return None
        from edge_agent.data_dir import DataDir

        try:
            return RunningAgent(ControlClient(DataDir(Path(self.settings.data_dir)).control))
        except AgentNotRunning:
            return None

    def refuse_running(self) -> None:
        """Make sure that no agent holds the devices.

        Raises:
            AgentHoldsDevices: one does.
        """
        agent = self.agent()
        if agent is not None:
            agent.close()
            raise AgentHoldsDevices(self.settings.data_dir if self.settings else "?")


class RunningAgent:
    """The agent that holds the devices, asked over its control socket."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client
        self.close = client.close

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return its answer.

        Raises:
            AgentRefused: it said no.
        """
        return answered(self._client.ask(**question))


class Target(NamedTuple):
    """One device as the options name it; empty where they say nothing."""

    device: str
    config: Path | None
    address: str
    kind: str
    profile: str

    def asked(self, kind: str = "") -> Asked:
        """Return what it names, of ``kind`` unless the options say otherwise; see ``Asked``."""
        return Asked(self.config, self.address, self.kind or kind, self.profile)


def about_a_device(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command DEVICE, ``--config``, ``--address``, ``--kind`` and ``--profile``, all in one ``target``."""

    @functools.wraps(command)
    def told(
        *args: Any, device: str, config: Path | None, address: str, kind: str, profile: str, **others: Any
    ) -> None:
        command(*args, target=Target(device, config, address, kind, profile), **others)

    for option in reversed(_OPTIONS):
        told = option(told)
    return told


def _guess(address: str) -> str:
    """Return the kind of what is at an address, by what it says of itself."""
    from edge_agent.desk.probing import probe

    kind: str = asyncio.run(probe(address))["kind"]
    if not kind:
        raise EdgeError(f"{address} does not say what it is: add --kind, such as scanner_serial or printer_escpos")
    return kind
