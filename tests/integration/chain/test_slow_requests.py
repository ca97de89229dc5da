"""Whoever sends slowly loses his connection, not headquarters its own (F58: slow loris)."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.office import Office, office
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker

TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def impatient() -> Iterator[Office]:
    with office(COORDINATOR_API__REQUEST_TIMEOUT_S=str(TIMEOUT_S)) as running:
        yield running


def dial(hq: Office) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hq.http), timeout=HANG_S)


HEADS = {
    "nothing at all": b"",
    "half a head": b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n",
}


@pytest.mark.parametrize("what", HEADS)
def test_f58_a_head_that_never_ends_is_given_up(impatient: Office, what: str) -> None:
    began = time.monotonic()
    with dial(impatient) as slow:
        slow.sendall(HEADS[what])
        while slow.recv(65536):
            pass
    assert time.monotonic() - began > TIMEOUT_S * 0.5, "it was given its time"


def test_f58_a_head_that_comes_drop_by_drop_is_given_up_too(impatient: Office) -> None:
    began = time.monotonic()
    with dial(impatient) as slow:
        slow.sendall(b"GET /v1/health HTTP/1.1\r\n")
        slow.settimeout(0.1)
        while True:
            assert time.monotonic() - began < HANG_S, "drops are taken for ever"
            try:
                if slow.recv(100) == b"":
                    break
            except TimeoutError:
                slow.sendall(b"X-Drop: 1\r\n")
            except ConnectionError:
                break


def test_f58_a_body_that_never_ends_is_answered_with_408(impatient: Office) -> None:
    with dial(impatient) as slow:
        head = "POST /v1/enrolments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        slow.sendall(head.encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")


def test_f58_two_hundred_slow_ones_keep_nobody_waiting(hq: Office) -> None:
    """Of an office as it is delivered, which gives each of them a minute: the answer comes while all of them are still waited for."""
    with ExitStack() as held:
        slow = [held.enter_context(dial(hq)) for _ in range(200)]
        for each in slow:
            each.sendall(b"GET /v1/health HTTP/1.1\r\nHost: ")
        assert hq.api.get("/v1/health")["status"] == "ok"
        for each in slow:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)
