"""Headquarters' HTTP interface as a stranger uses it: one kept connection, a token, JSON."""

import http.client
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

_NDJSON = "application/x-ndjson"
_JSON = "application/json"


class ApiRefused(Exception):
    """Headquarters answered with an error; ``status`` and ``problem`` are its own words."""

    def __init__(self, method: str, path: str, status: int, problem: str) -> None:
        super().__init__(f"{method} {path}: headquarters answered {status}: {problem[:600]}")
        self.status, self.problem = status, problem


class ApiSilent(Exception):
    """Headquarters did not answer within the time given."""


class Api:
    """One client of headquarters; calls block and may come from any thread, one at a time."""

    def __init__(self, url: str, token: str = "", timeout_s: float = 120.0) -> None:
        """Keep address (plain http, loopback) and token."""
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._token, self._timeout_s = token, timeout_s
        self._connection: http.client.HTTPConnection | None = None
        self._one_at_a_time = threading.Lock()

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON answer to a GET."""
        return msgspec.json.decode(self.get_bytes(path, **query))

    def get_bytes(self, path: str, **query: object) -> bytes:
        """Return the bytes that a GET answers."""
        return self.call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: object = None) -> Any:
        """Send a JSON body and return the JSON answer (None when there is none)."""
        answer = self.call("POST", path, msgspec.json.encode(body), _JSON)
        return msgspec.json.decode(answer) if answer else None

    def import_rows(self, path: str, rows: Iterable[Mapping[str, Any]]) -> Any:
        """Send rows as NDJSON and return what headquarters made of them."""
        encode = msgspec.json.Encoder().encode
        body = b"".join(encode(row) + b"\n" for row in rows)
        return msgspec.json.decode(self.call("POST", path, body, _NDJSON))

    def call(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        """Return the answer's body.

        Raises:
            ApiRefused: an answer of 400 and above.
            ApiSilent: no answer, twice.
        """
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if content_type:
            headers["Content-Type"] = content_type
        with self._one_at_a_time:
            status, answer = self._answer(method, path, body, headers)
        if status >= 400:
            raise ApiRefused(method, path, status, answer.decode("utf-8", "replace"))
        return answer

    def wait_for(self, path: str, deadline_s: float) -> None:
        """Return when a GET of ``path`` is answered at all.

        Raises:
            ApiSilent: not within ``deadline_s``.
        """
        until = time.monotonic() + deadline_s
        while True:
            try:
                self.call("GET", path)
            except ApiRefused:
                return
            except ApiSilent:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        """Close the kept connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        for attempt in (1, 2):  # a kept connection may have been closed (headquarters was restarted): dial once more
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt == 2:
                    raise ApiSilent(f"{method} http://{self._host}:{self._port}{path}: {error!r}") from error
        raise AssertionError("unreachable")
