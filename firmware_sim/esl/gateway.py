"""The gateway: takes updates over HTTP, wakes tags by radio, and remembers what happened."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from firmware_sim.esl.requests import BadRequest, Request, RequestReader, answer
from firmware_sim.esl.tags import MODES, Tag
from firmware_sim.wire import SimulatedDevice, Wire

KEPT_EVENTS = 1000
_FIELDS = {
    "id": str,
    "tag": str,
    "template": str,
    "item": str,
    "price": int,
    "currency": str,
    "updated_at": str,
    "fields": dict,
}


class EslSim(SimulatedDevice):
    """A gateway with its tags.

    Attributes:
        tags: by name.
        token: what a client must bring; empty: nothing.
        delay_s: how long a tag sleeps before it takes an update.
        requests: how many came.
    """

    def __init__(self, wire: Wire, tags: Sequence[str] = (), *, token: str = "", delay_s: float = 0.01) -> None:
        super().__init__(wire)
        self.tags = {name: Tag(name, delay_s=delay_s) for name in tags}
        self.token, self.delay_s = token, delay_s
        self.requests = 0
        self.mute = False
        self._boots = 0
        self._reader = RequestReader()
        self._timers: set[asyncio.TimerHandle] = set()
        wire.attached = self._reader.clear
        self._boot()

    def _boot(self) -> None:
        """Come up with an empty memory: what tags show stays on their glass, what waited for them is gone."""
        self._boots += 1
        self._events: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)
        self._last = 0
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for tag in self.tags.values():
            tag.waiting = None

    @property
    def epoch(self) -> str:
        """What changes with each boot."""
        return f"boot-{self._boots}"

    async def stop(self) -> None:
        """Switch it off."""
        for timer in self._timers:
            timer.cancel()
        await super().stop()

    # ── HTTP ──

    def receive(self, data: bytes) -> None:
        """Take bytes from a client."""
        try:
            requests = self._reader.feed(data)
        except BadRequest as error:
            self._say(400, {"error": str(error)})
            return
        for request in requests:
            self.requests += 1
            self._say(*self._answer(request))

    def _say(self, status: int, value: Any) -> None:
        if not self.mute:
            self.wire.send(answer(status, value))

    def _answer(self, request: Request) -> tuple[int, Any]:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": "no valid token"}
        match request.method, request.path:
            case "GET", "/api/v1/tags":
                tags = [tag.told() for tag in self.tags.values()]
                return 200, {"epoch": self.epoch, "last": self._last, "tags": tags}
            case "GET", "/api/v1/events":
                return self._events_after(request.query.get("after", "0"))
            case "POST", "/api/v1/updates":
                return self._take(request.body)
            case _:
                return 404, {"error": f"no {request.path}"}

    def _events_after(self, after: str) -> tuple[int, Any]:
        if not after.isdecimal():
            return 400, {"error": "after is a number"}
        first = self._events[0]["n"] if self._events else self._last + 1
        events = [event for event in self._events if event["n"] > int(after)]
        lost = int(after) + 1 < first or int(after) > self._last
        return 200, {"epoch": self.epoch, "last": self._last, "lost": lost, "events": events}

    def _take(self, body: bytes) -> tuple[int, Any]:
        try:
            updates = json.loads(body)["updates"]
            accepted, refused = [], []
            for update in updates:
                reason = self._refusal(update)
                if reason:
                    refused.append({"id": str(update.get("id", "")), "reason": reason})
                else:
                    accepted.append(update["id"])
                    self._wake(self.tags[update["tag"]], update)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}
        return 200, {"epoch": self.epoch, "accepted": accepted, "refused": refused}

    def _refusal(self, update: dict[str, Any]) -> str:
        wrong = [name for name, kind in _FIELDS.items() if not isinstance(update.get(name), kind)]
        if wrong:
            return f"{wrong[0]} is missing or wrong"
        if update["tag"] not in self.tags:
            return "no such tag"
        if datetime.fromisoformat(update["updated_at"]).tzinfo is None:
            return "updated_at has no zone"
        return ""

    # ── radio ──

    def _wake(self, tag: Tag, update: dict[str, Any]) -> None:
        if tag.shows == update["id"]:
            self._event("update", tag, id=update["id"], state="acked")
            return
        waits = tag.waiting
        if waits is not None and _moment(waits) > _moment(update):
            self._event("update", tag, id=update["id"], state="failed", reason="an older price than the one that waits")
            return
        tag.waiting = update
        self._later(tag)

    def _later(self, tag: Tag) -> None:
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(tag.delay_s, self._awake, tag))

    def _awake(self, tag: Tag) -> None:
        update = tag.waiting
        if update is None or not tag.online or tag.mode == "deaf":
            return
        tag.waiting = None
        if tag.mode == "nack":
            self._event("update", tag, id=update["id"], state="failed", reason="the tag answered NACK")
        elif tag.content and _moment(tag.content) > _moment(update):
            self._event("update", tag, id=update["id"], state="failed", reason="the tag shows a later price")
        else:
            tag.show(update)
            self._event("update", tag, id=update["id"], state="acked")

    def _event(self, kind: str, tag: Tag, **more: Any) -> None:
        self._last += 1
        event = {"n": self._last, "type": kind, **(tag.told() if kind == "tag" else {"tag": tag.name}), **more}
        self._events.append(event)

    # ── hands ──

    def do(self, command: dict[str, Any]) -> None:
        """Carry out what a person does to the tags or the gateway.

        ``{"tag": "A1", "mode": "normal"|"slow"|"offline"|"nack"|"deaf", "delay_s": 2}`` ``{"tag": "A1", "battery": 5, "rssi": -95}``
        ``{"add": "A9"}`` ``{"remove": "A9"}`` ``{"power": "cycle"}`` ``{"mute": true}``

        Raises:
            ValueError, KeyError, TypeError: it is none of these.
        """
        match command:
            case {"tag": str(name)}:
                self._treat(self.tags[name], command)
            case {"add": str(name)} if name:
                self.tags.setdefault(name, Tag(name, delay_s=self.delay_s))
                self._event("tag", self.tags[name])
            case {"remove": str(name)}:
                del self.tags[name]
            case {"power": "cycle"}:
                self._boot()
                self._reader.clear()
            case {"mute": bool(on)}:
                self.mute = on
            case _:
                raise ValueError(f"a gateway does not know {command}: see firmware_sim.esl.gateway.EslSim.do")

    def _treat(self, tag: Tag, command: dict[str, Any]) -> None:
        mode = command.get("mode", tag.mode)
        if mode not in MODES:
            raise ValueError(f"mode {mode!r} is none of {', '.join(MODES)}")
        tag.mode = mode
        tag.delay_s = float(command.get("delay_s", 1.0 if mode == "slow" else self.delay_s))
        tag.battery = max(0, min(100, int(command.get("battery", tag.battery))))
        tag.rssi = int(command.get("rssi", tag.rssi))
        self._event("tag", tag)
        if tag.waiting is not None:
            self._later(tag)

    def shows(self) -> dict[str, Any]:
        """Return what a person sees who walks along the shelves."""
        tags = {
            tag.name: {
                **tag.content,
                "shows": tag.shows,
                "mode": tag.mode,
                "online": tag.online,
                "battery": tag.battery,
                "rssi": tag.rssi,
                "waiting": tag.waiting["id"] if tag.waiting else "",
            }
            for tag in self.tags.values()
        }
        return {"epoch": self.epoch, "requests": self.requests, "mute": self.mute, "tags": tags}


def _moment(update: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(update["updated_at"])
