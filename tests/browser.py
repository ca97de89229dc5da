"""A real Chromium, driven by the DevTools protocol over a pair of pipes: no port, no driver program, no library."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.waiting import HANG_S

QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--remote-debugging-pipe"),
)
_ANSWER_S = 20.0


class Page:
    """One open page. ``complaints`` are its errors: exceptions, failed loads, what the security policy refused."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.complaints: list[str] = []
        self._to, self._from = to_browser, from_browser
        self._ids, self._rest, self._session = count(1), b"", ""

    def attach(self) -> None:
        """Take the browser's first page."""
        [target] = [each for each in self.ask("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def open(self, url: str, width: int = 1920, height: int = 1080) -> None:
        """Load ``url`` in a window of this size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.ask("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Return what a script evaluates to, promises awaited."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str, within_s: float = HANG_S) -> Any:
        """Return what a script evaluates to as soon as that is true."""
        deadline = time.monotonic() + within_s
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, (
                f"not within {within_s} s: {script}\n{self.run('document.body.innerText')}"
            )
            time.sleep(0.05)
        return value

    def click(self, words: str, within: str = "body") -> None:
        """Click the button that says ``words``, in the first element that fits the selector."""
        buttons = f"[...(document.querySelector({json.dumps(within)})?.querySelectorAll('button') ?? [])]"
        found = f"{buttons}.find((one) => one.textContent.includes({json.dumps(words)}))"
        self.until(found + " !== undefined")
        self.run(f"{found}.click()")

    def picture(self, file: Path) -> None:
        """Keep what is to be seen as a PNG."""
        import base64

        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the browser's answer to one command."""
        number = next(self._ids)
        ask = {
            "id": number,
            "method": method,
            "params": params,
            **({"sessionId": self._session} if self._session else {}),
        }
        os.write(self._to, json.dumps(ask).encode() + b"\0")
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            told = self._hear()
            if told.get("id") == number:
                assert "error" not in told, told
                answer: dict[str, Any] = told["result"]
                return answer
        raise AssertionError(f"Chromium did not answer {method} within {_ANSWER_S:g} s")

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._from, 1 << 16)
            assert data, "Chromium ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        self._note(told.get("method", ""), told.get("params", {}))
        return told

    def _note(self, event: str, params: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """Run a Chromium with an empty page until the end of the block."""
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on this machine: script/bootstrap all installs it"
    child_reads, we_write = os.pipe()
    we_read, child_writes = os.pipe()

    def as_three_and_four() -> None:
        # Chromium reads commands from descriptor 3 and writes answers to 4; the copies keep 3 and 4 free for that.
        kept = os.dup(child_reads), os.dup(child_writes)
        os.dup2(kept[0], 3)
        os.dup2(kept[1], 4)

    process = subprocess.Popen(
        [chromium, *QUIET, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=as_three_and_four,
        close_fds=False,
    )
    os.close(child_reads)
    os.close(child_writes)
    try:
        page = Page(we_write, we_read)
        page.attach()
        yield page
        page.ask("Browser.close")
        process.wait(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(we_write)
        os.close(we_read)
