"""A serial line as a pseudo-terminal (device reference §1.1)."""

import asyncio
import contextlib
import hashlib
import os
import socket
import tty
from pathlib import Path

from firmware_sim.wire.faults import Wire


class PtyWire(Wire):
    """A serial line (or USB-CDC, or anything that is a character device) as a pseudo-terminal.

    A replugged device gets a new number, as on a real machine; ``link`` is a name that follows it, as udev's
    ``/dev/serial/by-id`` does.
    """

    def __init__(self, link: Path | None = None, seed: int = 0) -> None:
        super().__init__(seed)
        self._link = link
        self._claim: socket.socket | None = None
        self._master = self._slave = -1

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    @property
    def address(self) -> str:
        """The path that a driver opens; empty while unplugged without a link."""
        if self._link is not None:
            return str(self._link)
        return os.ttyname(self._slave) if self.plugged else ""

    async def _plug(self) -> None:
        if self._link is not None:
            self._claim = _claimed(self._link)
        try:
            await super()._plug()
        except OSError:
            await self._gone()
            raise

    async def _gone(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def replug(self) -> None:
        """Plug it in (again); the path changes unless a link follows it."""
        if self.plugged:
            return
        # The slave stays open here: between a driver's sessions the master would otherwise fail with EIO.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # otherwise the terminal changes CR, LF, ^C and ^D on the way
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        if self._link is not None:
            self._link.parent.mkdir(parents=True, exist_ok=True)
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(self._slave))
        self._work.set()

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open gets a hang-up."""
        if not self.plugged:
            return
        self._forget()
        asyncio.get_running_loop().remove_reader(self._master)
        asyncio.get_running_loop().remove_writer(self._master)
        if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == os.ttyname(self._slave):
            self._link.unlink()  # somebody may have put something else there meanwhile
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def freeze(self, frozen: bool = True) -> None:
        """Hang or go on; a frozen pty is not read either, so that whoever writes finds its buffer full in the end."""
        super().freeze(frozen)
        if self.plugged:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            if not frozen:
                loop.add_reader(self._master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return  # nobody has it open, or it was unplugged in this very moment
        self._arrive(data)

    async def _write(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            await self._room()
            return 0
        except OSError:
            return len(data)  # unplugged in this very moment: gone with the cable

    async def _room(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_writer(self._master, ready.set)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):  # an unplugged line never becomes ready
                    await ready.wait()
        finally:
            if self.plugged:
                loop.remove_writer(self._master)


def _claimed(link: Path) -> socket.socket:
    """Take a name for this simulator alone until the socket is closed, plugged in or not; a process that dies lets go of it.

    Raises:
        OSError: another simulator has it.
    """
    name = hashlib.sha256(os.fsencode(link.parent.resolve() / link.name)).hexdigest()
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0shopwire-sim-{name}")  # an abstract name lies in no folder
    except OSError:
        claim.close()
        raise
    return claim
