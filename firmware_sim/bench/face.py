"""The bench in front of a person: devices up, page open, scenario played, and everything taken away at the end."""

import asyncio
import contextlib
import signal
import socket
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec
import uvicorn

from firmware_sim.bench import scenario, store_file
from firmware_sim.bench.api import create_app
from firmware_sim.bench.bench import Bench
from firmware_sim.bench.errors import BenchError
from firmware_sim.bench.goods import goods
from firmware_sim.bench.living import LivingStore
from firmware_sim.bench.playing import Player
from firmware_sim.bench.scenario import Report, StepReport
from firmware_sim.chain.api import ApiRefused, ApiSilent
from firmware_sim.chain.child import ChildFailed
from firmware_sim.failing import told
from firmware_sim.texts import Texts
from web.serving import QuietServer, listening

_GRACE_S = 2
Done = TypeVar("Done")


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for.

    Attributes:
        config: the store file.
        profiles: ``ID=PROFILE`` options.
        scenarios: names, or paths of ``.toml`` files, to be played one after the other.
        headless: no page; after the scenarios everything ends.
        port: of the page on 127.0.0.1, 0 for a free one.
        folder: where receipts and labels are kept; None for a folder that goes with the bench.
        living: start headquarters and an edge, too.
    """

    config: Path
    profiles: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    headless: bool = False
    port: int = 0
    folder: Path | None = None
    living: bool = False


class Ready(msgspec.Struct, frozen=True):
    """What a program that started the bench reads as its first line of JSON."""

    url: str
    devices: dict[str, str]
    data_dir: str = ""
    headquarters: str = ""
    token: str = ""


def run(wanted: Wanted, texts: Texts, out: TextIO, *, as_json: bool) -> bool:
    """Run a bench until Ctrl-C, or headless until its scenario ends; return whether the scenario, if any, went well.

    Raises:
        click.ClickException: the bench cannot be set up; the message says why.
    """
    with told(BenchError, ApiRefused, ApiSilent, ChildFailed), contextlib.ExitStack() as life:
        if wanted.folder is None:
            folder = Path(life.enter_context(tempfile.TemporaryDirectory(prefix="shopwire-bench-")))
        else:
            folder = wanted.folder.absolute()
            if wanted.living and (folder / "state").exists():
                raise BenchError(f"{folder} holds the state of an earlier store; name another directory or delete it")
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BenchError(f"the folder {folder} cannot be made: {error.strerror}; name another --dir") from error
        return asyncio.run(_Day(wanted, folder, texts, out, as_json=as_json).pass_by())


@dataclass
class _Day:
    """One bench from morning to evening."""

    wanted: Wanted
    folder: Path
    texts: Texts
    out: TextIO
    as_json: bool
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_by(self) -> bool:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ended.set)
        store = store_file.read(self.wanted.config)
        profiles = store_file.profiles_of(self.wanted.profiles, store)
        living = (
            LivingStore(self.wanted.config, self.folder / "state", lang=self.texts.lang) if self.wanted.living else None
        )
        bench = Bench(store, self.folder / "devices", profiles, data_dir=living.data_dir if living else None)
        for name in self.wanted.scenarios:  # a wrong one is told now, and not after a store has opened
            scenario.check(scenario.load(name), bench)
        with contextlib.ExitStack() as life:
            door = None if self.wanted.headless else life.enter_context(contextlib.closing(_bound(self.wanted.port)))
            async with bench:
                life.callback(self._say, "bench.ended")
                return await self._stand(bench, living, door)

    async def _stand(self, bench: Bench, living: LivingStore | None, door: socket.socket | None) -> bool:
        try:
            async with asyncio.TaskGroup() as tasks:
                return await self._with_eyes(bench, tasks, living, door)
        finally:
            if living is not None:  # before its devices: their end would be news to it
                await living.close()

    async def _with_eyes(
        self, bench: Bench, tasks: asyncio.TaskGroup, living: LivingStore | None, door: socket.socket | None
    ) -> bool:
        beside = [tasks.create_task(bench.look(), name="bench:eyes")]
        try:
            if living is not None:
                self._say("bench.opening")
                await self._unless_ended(living.open())
                if self.ended.is_set():
                    return not self.wanted.scenarios
                beside.append(tasks.create_task(living.watch(), name="bench:store"))
            return await self._serve(bench, tasks, living, door)
        finally:
            for task in beside:
                task.cancel()

    async def _serve(
        self, bench: Bench, tasks: asyncio.TaskGroup, living: LivingStore | None, door: socket.socket | None
    ) -> bool:
        player = Player(bench)
        server = _Page(bench, player, door) if door is not None else None
        if server is not None:
            tasks.create_task(server.run(), name="bench:page")
        self._tell_ready(bench, server.url if server else "", living)
        try:
            reports = [await self._play(player, name) for name in self.wanted.scenarios]
            if not (self.wanted.headless and self.wanted.scenarios):
                await self.ended.wait()
        finally:
            if server is not None:
                server.stop()
        return all(report is not None and report.ok for report in reports)

    async def _play(self, player: Player, name: str) -> Report | None:
        """Play a scenario; None when somebody ended the bench first."""
        report = None if self.ended.is_set() else await self._unless_ended(player.play(name, self._tell_step))
        if report is not None:
            if self.as_json:
                self._line(report)
            word = "bench.played" if report.ok else "bench.failed"
            self._say(word, name=report.scenario, seconds=f"{report.seconds:.1f}")
        return report

    async def _unless_ended(self, work: Coroutine[Any, Any, Done]) -> Done | None:
        """Return what ``work`` returns, or None when somebody ended the bench before it was done."""
        working = asyncio.create_task(work)
        waiting = asyncio.create_task(self.ended.wait(), name="until ended")
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (working, waiting):
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await working
        return None

    def _tell_ready(self, bench: Bench, url: str, living: LivingStore | None) -> None:
        if self.as_json:
            addresses = {name: stand.entry.address for name, stand in bench.stands.items()}
            more = (str(living.data_dir), living.headquarters.url, living.headquarters.token) if living else ()
            self._line(Ready(url, addresses, *more))
        for name, stand in bench.stands.items():
            self._say("bench.device", device=f"{name:<16}", kind=f"{stand.entry.kind:<16}", address=stand.entry.address)
        if living is None:
            self._say("bench.next", config=self.wanted.config)
        else:
            self._say("bench.till", data_dir=living.data_dir)
            self._say("bench.console", url=living.headquarters.url, token=living.headquarters.token)
        if url:
            self._say("bench.page", url=url)
        self._say("bench.stay")

    def _tell_step(self, step: StepReport) -> None:
        self._say(
            "bench.step" if step.ok else "bench.step_failed",
            no=step.no,
            text=step.say.told(self.texts.lang),
            why=step.why,
        )

    def _line(self, value: Any) -> None:
        self.out.write(msgspec.json.encode(value).decode() + "\n")
        self.out.flush()

    def _say(self, key: str, **values: object) -> None:
        if not self.as_json:
            self.out.write(self.texts(key, **values) + "\n")
            self.out.flush()


class _Page:
    """The page and its interface on a loopback port."""

    def __init__(self, bench: Bench, player: Player, door: socket.socket) -> None:
        self._stopping = asyncio.Event()
        self._socket = door
        config = uvicorn.Config(
            create_app(bench, player, goods(), self._stopping),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = QuietServer(config)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    async def run(self) -> None:
        """Serve until ``stop``."""
        await self._server.serve([self._socket])

    def stop(self) -> None:
        """Hang up on watchers and return from ``run``."""
        self._stopping.set()
        self._server.should_exit = True


def _bound(port: int) -> socket.socket:
    try:
        return listening("127.0.0.1", port)
    except OSError as error:
        raise BenchError(
            f"port {port} of 127.0.0.1 cannot be taken: {error.strerror}; leave --port out for a free one"
        ) from error
