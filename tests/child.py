"""Processes that a test starts and that end with it, whatever becomes of the test."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.waiting import HANG_S


@contextmanager
def child(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Run ``command``, which the block lets end; when the block fails it is told to end, and one that does not end is killed.

    ``with subprocess.Popen(…)`` alone would wait for it: an assertion that fails would be told as a test that hangs.
    """
    done = False
    with subprocess.Popen(command, text=True, **more) as process:
        try:
            yield process
            done = True
        finally:
            if not done:
                process.terminate()
            try:
                process.wait(HANG_S)
            except subprocess.TimeoutExpired:
                process.kill()
