"""The bench's HTTP interface: hands and eyes for people and programs on this machine, and nobody else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from firmware_sim.bench import scenario
from firmware_sim.bench.address import is_loopback
from firmware_sim.bench.bench import TILL, Bench, Watch
from firmware_sim.bench.errors import BenchError, CommandTooLong, NoSuchDevice, ScenarioUnusable, TooManyWatch
from firmware_sim.bench.goods import Goods
from firmware_sim.bench.playing import Player
from firmware_sim.texts import in_chinese
from web.serving import Headed, shared

PAGE = Path(__file__).parent / "page"
MAX_BODY_BYTES = 65536
_TOO_LONG = f"a command may have {MAX_BODY_BYTES} bytes"
STATUS = {NoSuchDevice: 404, ScenarioUnusable: 404, CommandTooLong: 413, TooManyWatch: 503}
STILL_HERE_S = 10.0
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-src http://127.0.0.1:* http://localhost:*; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


class LoopbackOnly:
    """ASGI middleware: requests are answered only under a loopback name and never for a page of another origin.

    The bench has no token. It listens on loopback, so whoever reaches it sits at this machine; a page from elsewhere in that
    person's browser (DNS rebinding, cross-site request) is told no.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        await (self._refusal(headers) or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        origin = headers.get("origin")
        if not is_loopback(_name(host)):
            return problem(421, f"host {host[:100]!r} is not this machine: open the bench as http://127.0.0.1:PORT/")
        if origin is not None and origin.partition("://")[2] != host:
            return problem(403, f"a page of {origin[:100]!r} may not use this bench")
        if not headers.get("content-length", "0").isdigit() or int(headers.get("content-length", "0")) > MAX_BODY_BYTES:
            return problem(413, _TOO_LONG)
        return None


def _name(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def problem(status: int, detail: str) -> Response:
    """Return an error as an RFC 9457 problem."""
    body = {"type": "about:blank", "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def create_app(bench: Bench, player: Player, goods: Goods, stopping: asyncio.Event) -> FastAPI:
    """Return the application: ``/v1/…`` for programs, the page at ``/``."""
    app = FastAPI(title="Shopwire bench", version="1", docs_url=None, redoc_url=None)
    app.add_middleware(LoopbackOnly)
    app.add_middleware(Headed, headers=HEADERS)  # the outermost: refusals have them too

    @app.exception_handler(BenchError)
    async def refused(request: Request, error: Exception) -> Response:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)
        chinese = request.headers.get("accept-language", "").startswith("zh")
        return problem(status, in_chinese(str(error)) if chinese else str(error))

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: Exception) -> Response:
        return problem(400, "the caller hung up in the middle of a command")  # nobody reads it

    app.include_router(_devices(bench))
    app.include_router(_scenarios(bench, player))

    @app.get("/v1/goods")
    async def things() -> Any:
        """List what there is to scan and to weigh."""
        return answer(goods)

    @app.get("/v1/events")
    async def events() -> StreamingResponse:
        """Push what changes (server-sent events): ``bench`` once, then ``device``, ``edge`` and ``step``."""
        bench.check_room()  # as long as the answer can still be a refusal
        return StreamingResponse(_events(bench, stopping), media_type="text/event-stream")

    app.router.routes.append(shared())
    app.mount("/", StaticFiles(directory=PAGE, html=True))
    return app


def _devices(bench: Bench) -> APIRouter:
    """Return the routes that look at devices and do something to them."""
    router = APIRouter()

    @router.get("/v1/health")
    async def health() -> Any:
        """Tell that the bench runs, what is plugged in, and whether an edge answers."""
        plugged = [told["wire"].get("plugged", True) for told in bench.told()]
        status = await bench.edge.look()
        return answer({"ok": True, "devices": len(plugged), "plugged": sum(plugged), "edge": bool(status)})

    @router.get("/v1/devices")
    async def devices() -> Any:
        """List every device and what it shows."""
        return answer(bench.told())

    @router.get("/v1/devices/{name}")
    async def device(name: str) -> Any:
        """Tell of one device, by id or face."""
        return answer(bench.stand(name).told())

    @router.post("/v1/devices/{name}")
    async def command(name: str, request: Request) -> Any:
        """Carry out a device's JSON command; answers with what the device says to it."""
        return answer(await bench.do(name, await _command(request)))

    @router.get("/v1/devices/{name}/pictures/{picture}")
    async def picture(name: str, picture: str) -> Response:
        """Return a receipt, a label or a camera's frame; ``now`` is what still grows."""
        album = bench.stand(name).album
        found = await asyncio.to_thread(album.picture, picture) if album else None
        if found is None:
            return problem(404, f"{name} has no picture {picture!r}")
        kind = "image/png" if found.startswith(b"\x89PNG") else "image/jpeg"
        return Response(found, media_type=kind)

    return router


def _scenarios(bench: Bench, player: Player) -> APIRouter:
    """Return the routes by which a person, or a scenario, leads the till."""
    router = APIRouter()

    @router.post("/v1/till")
    async def till(request: Request) -> Any:
        """Ask the edge's till: the asks of its control socket, for example ``{"do": "pay", "kind": "cash"}``."""
        return answer(await bench.do(TILL, await _command(request)))

    @router.get("/v1/scenarios")
    async def scenarios() -> Any:
        """List the scenarios that come with the bench."""
        return answer([{"name": name, "about": scenario.load(name).about} for name in scenario.names()])

    @router.post("/v1/scenarios/{name}")
    async def play(name: str) -> Any:
        """Play a scenario; each step is told on ``/v1/events``, the report is the answer."""
        if "/" in name or name not in scenario.names():
            raise ScenarioUnusable(f"there is no scenario {name!r}: take one of {', '.join(scenario.names())}")
        return answer(await player.play(name))

    return router


def answer(value: Any) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")


async def _command(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for piece in request.stream():  # also of a caller who did not say how long it is
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise CommandTooLong(_TOO_LONG)
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BenchError(f'a command is a JSON object, for example {{"fault": "unplug"}}: {error}') from error


async def _events(bench: Bench, stopping: asyncio.Event) -> AsyncIterator[bytes]:
    with contextlib.suppress(TooManyWatch):  # of several that came in one moment: the page comes again
        async with bench.watched() as watch:
            async for event in _told(bench, watch, stopping):
                yield event


async def _told(bench: Bench, watch: Watch, stopping: asyncio.Event) -> AsyncIterator[bytes]:
    yield _event("bench", msgspec.json.encode(bench.told()))
    quiet_since = asyncio.get_running_loop().time()
    while not stopping.is_set():
        news = await watch.news(0.5)
        for event, told in news.items():
            yield _event(event.partition(":")[0], told)
        now = asyncio.get_running_loop().time()
        if news:
            quiet_since = now
        elif now - quiet_since > STILL_HERE_S:
            quiet_since = now
            yield b": still here\n\n"


def _event(name: str, told: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + told + b"\n\n"
