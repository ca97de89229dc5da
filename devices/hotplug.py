"""What is plugged in and pulled out, seen within a second: told by the kernel where it tells, and looked for in any case.

A netlink socket opens also where nothing will ever come through it (a container, a sandbox), so it only makes the next look come sooner.
A look reads the names in a few folders; what is attached is read whole only after a change.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from devices.inventory import SYS, Peripheral, inventory

LOOK_S = 0.5
SETTLE_S = 0.05
"""After the kernel's word: a device makes its nodes one after the other."""
_FOLDERS = ("class/tty", "class/input", "class/usbmisc", "class/video4linux", "bus/gpio/devices")
_SUBSYSTEMS = ("tty", "input", "usbmisc", "video4linux", "gpio", "usb")

_log = structlog.get_logger(__name__)


class HotPlug:
    """Watches this box. ``wait`` is the ``Arrivals`` of drivers; ``attached`` is what is there now, at no cost."""

    def __init__(self, *, watched: Iterable[Path] = (), root: Path = SYS, look_s: float = LOOK_S) -> None:
        """Take a first look. Blocking, a few milliseconds.

        Args:
            watched: nodes that the settings name and ``/sys`` may not know, such as links made by a udev rule.
            root: of the ``sysfs``.
            look_s: between two looks.
        """
        self._watched, self._root, self._look_s = tuple(watched), root, look_s
        self._seen = self._look()
        self._arrived, self._stir = asyncio.Event(), asyncio.Event()
        self.attached: Sequence[Peripheral] = inventory(root)
        self.changes = 0
        self._blind = False

    async def wait(self, timeout_s: float) -> None:
        """Return when something was plugged in, at the latest after ``timeout_s``."""
        arrived = self._arrived
        try:
            async with asyncio.timeout(timeout_s):
                await arrived.wait()
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Watch until cancelled."""
        with _told_by_kernel(self._stir.set):
            while True:
                try:
                    async with asyncio.timeout(self._look_s):
                        await self._stir.wait()
                    await asyncio.sleep(SETTLE_S)
                except TimeoutError:
                    pass
                self._stir.clear()
                await self._compare()

    async def _compare(self) -> None:
        now = self._look()
        if now == self._seen:
            return
        try:
            self.attached = await asyncio.to_thread(inventory, self._root)
        except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
            if not self._blind:
                _log.warning("attached_not_read", reason=str(error))
            self._blind = True
            return  # what was seen before stays: the next look finds the same change
        self._blind = False
        self.changes += 1
        came, self._seen = now - self._seen, now
        if came:
            renewed, self._arrived = self._arrived, asyncio.Event()
            renewed.set()

    def _look(self) -> frozenset[tuple[str, ...]]:
        """Return names that differ when something else is attached; the inode tells a node that went and came between two looks."""
        seen: set[tuple[str, ...]] = set()
        for folder in _FOLDERS:
            try:
                seen.update((folder, entry.name, _inode(entry)) for entry in (self._root / folder).iterdir())
            except OSError:
                continue  # no such class on this machine
        for node in self._watched:
            if inode := _inode(node):
                seen.add((str(node), inode))
        return frozenset(seen)


def _inode(node: Path) -> str:
    try:
        stat = node.stat()
    except OSError:
        return ""
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_rdev}"


@contextmanager
def _told_by_kernel(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` on this loop for every change that the kernel tells of, where it lets us listen."""
    try:
        import pyudev  # type: ignore[import-untyped]

        # udevd, where it runs, speaks after it has set rights and links; without it the kernel itself is the one to hear.
        source = "udev" if Path("/run/udev/control").exists() else "kernel"
        monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source=source)
        for subsystem in _SUBSYSTEMS:
            monitor.filter_by(subsystem)
        monitor.start()
        socket = monitor.fileno()
    except (ImportError, OSError) as error:  # no libudev, no netlink: looking is enough
        _log.info("hotplug_by_looking", reason=str(error))
        yield
        return

    def heard() -> None:
        try:
            while monitor.poll(timeout=0) is not None:
                tell()
        except OSError:  # more came than the socket holds: something has changed, that is all there is to know
            tell()

    loop = asyncio.get_running_loop()
    loop.add_reader(socket, heard)
    try:
        yield
    finally:
        loop.remove_reader(socket)
