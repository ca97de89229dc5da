"""The second screen: a small web server whose page shows what the customer display shows, in any browser of the store.

It listens where its address says (``tcp:127.0.0.1:8090`` for a screen on the same machine), gives out one page that loads nothing
from elsewhere, and takes nothing in.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured
from devices.health import HasHealth
from devices.ports.device import Health
from devices.ports.display import Shown
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings
from devices.transport.address import TcpAddress, parse_address
from devices.transport.names import addresses

QUIET_S = 15.0
"""So long nothing may be said on a connection before we say that we are still there."""


class PageOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``language`` of the page's own words; ``?lang=en`` behind its address overrides it."""

    language: Literal["zh-CN", "en"] = "zh-CN"


class DisplayPage(HasHealth):
    """Shows the newest thing on every screen that looks on.

    Attributes:
        port: where it listens, once it does; the address may say 0.
        screens: how many look on.
    """

    def __init__(
        self, device_id: str, address: str, options: PageOptions | None = None, around: Surroundings | None = None
    ) -> None:
        where = parse_address(address)
        if not isinstance(where, TcpAddress):
            raise DeviceMisconfigured(f"device {device_id}: a page listens on tcp:HOST:PORT, not on {address!r}")
        self._where, self._options, self._around = where, options or PageOptions(), around or Surroundings()
        super().__init__(device_id, self._around.report)
        self._newest = Shown()
        self._news: set[asyncio.Event] = set()
        self._open = False
        self.port = where.port

    @property
    def screens(self) -> int:
        """How many screens look on."""
        return len(self._news)

    def show(self, shown: Shown) -> None:
        """Show ``shown`` on every screen; the newest wins."""
        self._newest = shown
        for news in self._news:
            news.set()

    async def run(self) -> None:
        """Serve the page until cancelled; a port that another program holds is tried again."""
        from devices.display_page.site import serve  # starlette and uvicorn only where a page is configured
        from web.serving import listening

        backoff = Backoff(cap_s=5.0)
        while True:
            try:
                listener = listening((await addresses(self._where.host))[0], self._where.port)
            except OSError as error:
                reason = f"cannot listen on {self._where.host}:{self._where.port}: {error.strerror or error}"
                self.health.set(Health.FAILED, reason)
                await self._around.arrivals.wait(backoff.wait_s())
                continue
            with contextlib.closing(listener):
                self.port = listener.getsockname()[1]
                self._open = True
                self.health.set(Health.OK)
                await serve(listener, self)

    def now(self) -> bytes:
        """Return the page's language and what is shown at this moment, as JSON."""
        return msgspec.json.encode({"language": self._options.language, "shown": self._newest})

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what is shown, from now on, as server-sent events, until the screen hangs up."""
        news = asyncio.Event()
        news.set()
        self._news.add(news)
        try:
            while self._open:
                try:
                    async with asyncio.timeout(QUIET_S):
                        await news.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                news.clear()
                yield b"data: " + msgspec.json.encode(self._newest) + b"\n\n"
        finally:
            self._news.discard(news)

    def hang_up(self) -> None:
        """End every screen's stream: the page is closing."""
        self._open = False
        for news in self._news:
            news.set()


def build(settings: DeviceSettings, around: Surroundings) -> DisplayPage:
    """Return the driver of one entry of the settings."""
    return DisplayPage(settings.device_id, settings.address, options_of(settings, PageOptions), around)
