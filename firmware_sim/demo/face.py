"""The demo in front of a person: opens the chain, plays the show, stays, and ends everything that it started."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TextIO

import click

from firmware_sim.chain.api import ApiRefused, ApiSilent
from firmware_sim.chain.child import ChildFailed
from firmware_sim.demo import goods
from firmware_sim.demo.books import Books
from firmware_sim.demo.chain import DemoChain
from firmware_sim.demo.screen import Screen
from firmware_sim.demo.show import DemoSummary, Show
from firmware_sim.demo.store import TillRefused
from firmware_sim.failing import told
from firmware_sim.texts import Texts

_EXPECTED = (ApiRefused, ApiSilent, ChildFailed, TillRefused)
_BREATH_S = 0.25


def run(texts: Texts, folder: Path | None, out: TextIO, *, stay: bool) -> DemoSummary | None:
    """Show the demo on ``out``; with ``stay`` until Ctrl-C.

    Args:
        texts: the language.
        folder: where everything goes and stays; None = a new one of which only the receipts stay.
        out: the screen.
        stay: keep the chain up after the show.

    Returns:
        What came of it, or None when it was interrupted before the reckoning.

    Raises:
        click.ClickException: something did not work; the message says what and shows the end of its log.
    """
    place = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="shopwire-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    if (place / "state").exists():
        raise click.ClickException(f"{place} holds the state of an earlier demo; name another directory or delete it")
    try:
        with told(*_EXPECTED):
            return asyncio.run(_Evening(texts, place, out, stay=stay).pass_by())
    finally:
        if folder is None:
            shutil.rmtree(place / "state", ignore_errors=True)


class _Evening:
    """One demo from curtain to curtain."""

    def __init__(self, texts: Texts, place: Path, out: TextIO, *, stay: bool) -> None:
        self._texts, self._stay = texts, stay
        self._screen = Screen(texts, out)
        self._chain = DemoChain(place, texts)
        self._ended = asyncio.Event()
        self._summary: DemoSummary | None = None

    async def pass_by(self) -> DemoSummary | None:
        """Play until the end or until somebody ends it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ended.set)
        try:
            await self._until_ended(self._play())
        finally:
            self._screen.say("demo.ending")
            await self._chain.close()
            self._screen.say("demo.ended")
        return self._summary

    async def _until_ended(self, play: Coroutine[Any, Any, None]) -> None:
        playing = asyncio.create_task(play, name="show")
        waiting = asyncio.create_task(self._ended.wait(), name="until ended")
        await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, waiting):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing

    async def _play(self) -> None:
        baskets = goods.baskets()
        photos = goods.photos()
        articles = [*goods.articles(baskets), *(photo.article for photo in photos)]
        self._screen.headline("demo.title")
        await self._chain.open(articles, len(baskets), self._screen)
        show = Show(
            stores=self._chain.stores,
            baskets=baskets,
            articles={article.sku: article for article in articles},
            photos=photos,
            books=Books(self._chain.headquarters.api),
            screen=self._screen,
            texts=self._texts,
            breath_s=_BREATH_S if self._stay else 0.0,
        )
        async with asyncio.TaskGroup() as tasks:
            hearing = [store.watch_printer() for store in self._chain.stores]
            guarding = [child.watch() for child in self._chain.watched()]
            beside = [tasks.create_task(each) for each in [*hearing, *guarding, show.watch()]]
            self._summary = await show.run()
            self._tell_addresses()
            if self._stay:
                await self._ended.wait()
            for task in beside:
                task.cancel()

    def _tell_addresses(self) -> None:
        if not self._stay:  # nobody could open them in time
            self._screen.say("demo.url.receipts", folder=self._chain.receipts)
            return
        headquarters = self._chain.headquarters
        self._screen.headline("demo.urls")
        self._screen.say("demo.url.console", url=f"{headquarters.url}/")
        self._screen.say("demo.url.api", url=f"{headquarters.url}/openapi.json")
        self._screen.say("demo.url.token", token=headquarters.token)
        self._screen.say("demo.url.receipts", folder=self._chain.receipts)
        self._screen.say("demo.stay")
