"""A loop that stands still is seen from outside of it, named by file and line, and ended (F45)."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge_agent.watchdog import EX_TEMPFAIL, Watchdog, tell_systemd
from tests.child import child

ROOT = Path(__file__).parents[3]

BLOCKED = """
import asyncio, threading
from edge_agent import watchdog

async def store():
    async with watchdog.watched(beat_s=0.05, still_s=1.0):
        await asyncio.sleep(0.1)
        threading.Event().wait()  # a driver that never gives the loop back

asyncio.run(store())
"""


class Ends:
    """Hears the watchdog."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard = threading.Event()

    def __call__(self, where: str) -> None:
        self.said.append(where)
        self.heard.set()


async def test_a_loop_that_stands_still_is_told_with_its_place() -> None:
    ends = Ends()
    watching = asyncio.create_task(Watchdog(ends, beat_s=0.01, still_s=0.1).run())
    await asyncio.sleep(0)  # its first beat
    assert ends.heard.wait(20)  # the fault itself: the loop stands here
    watching.cancel()
    await asyncio.wait({watching})
    assert len(ends.said) == 1
    assert ends.said[0].startswith("tests/unit/edge_agent/test_watchdog.py:")
    assert ends.said[0].endswith("test_a_loop_that_stands_still_is_told_with_its_place")


async def test_a_loop_that_works_is_left_alone_and_the_thread_ends_with_it() -> None:
    ends = Ends()
    watching = asyncio.create_task(Watchdog(ends, beat_s=0.001, still_s=5.0).run())
    await asyncio.sleep(0.1)
    watching.cancel()
    await asyncio.wait({watching})
    for thread in threading.enumerate():
        if thread.name == "watchdog":
            thread.join(20)
    assert ends.said == []


def test_f45_the_process_ends_with_all_stacks_and_is_to_be_started_again(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, timeout=40, check=False
    )
    assert run.returncode == EX_TEMPFAIL
    assert "loop_stands_still" in run.stdout + run.stderr
    assert "in store" in run.stderr, "the stack of the thread that stands"


def test_a_process_that_is_stopped_as_a_whole_has_missed_nothing() -> None:
    script = BLOCKED.replace("threading.Event().wait()", "print('up', flush=True); await asyncio.sleep(1)")
    with child([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.5)  # more than it may stand still
        process.send_signal(signal.SIGCONT)
        assert process.wait(40) == 0


def test_systemd_hears_each_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(os.fspath(path))
        systemd.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", os.fspath(path))
        tell_systemd("READY=1")
        assert systemd.recv(64) == b"READY=1"
    tell_systemd("WATCHDOG=1")  # nobody listens any more: no reason to stop selling
