"""What every page reads its events with, in a real browser: blind to chunks, awake to silence."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser import Page, browser
from web.serving import PAGE

pytestmark = [pytest.mark.browser]

TOLD = 'event: device\ndata: {"name": "秤", "g": 500}\n\n: still here\n\ndata: [1, 2]\n\nevent: cut\ndata: {"no": 1}\n'
HEARD = [["device", {"name": "秤", "g": 500}], ["message", [1, 2]]]  # what is cut off in the middle was never said
READ = """(async () => {
  const { events } = await import("/stream.js");
  const bytes = new TextEncoder().encode(TOLD);
  const heard = async (body, silentMs) => {
    const all = [];
    for await (const each of events(body, silentMs)) all.push(each);
    return all;
  };
"""


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(PAGE)))
    serving = threading.Thread(target=server.serve_forever, name="pages")
    serving.start()
    try:
        with browser(tmp_path_factory.mktemp("profile")) as page:
            page.open(f"http://127.0.0.1:{server.server_port}/")
            page.until("location.protocol === 'http:' && document.readyState === 'complete'")
            yield page
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()


def read(page: Page, script: str) -> object:
    return page.run(READ.replace("TOLD", json.dumps(TOLD)) + script + "})()")


def test_events_are_the_same_however_they_are_cut(page: Page) -> None:
    script = """
      const told = [];
      for (let at = 0; at <= bytes.length; at += 1) {
        const chunks = [bytes.slice(0, at), bytes.slice(at)];
        told.push(await heard(new ReadableStream({ start(to) { chunks.forEach((chunk) => to.enqueue(chunk)); to.close(); } }), 1000));
      }
      return told;
    """
    told = read(page, script)
    assert told == [HEARD] * (len(TOLD.encode()) + 1)


def test_a_server_that_hangs_without_hanging_up_is_left(page: Page) -> None:
    script = """
      let left = false;
      const body = new ReadableStream({ start(to) { to.enqueue(bytes); }, cancel() { left = true; } });
      return [await heard(body, 50), left];
    """
    assert read(page, script) == [HEARD, True]


def test_a_page_that_looks_away_hangs_up(page: Page) -> None:
    script = """
      let left = false;
      const body = new ReadableStream({ start(to) { to.enqueue(bytes); }, cancel() { left = true; } });
      for await (const [event] of events(body, 1000)) break;
      await new Promise((resume) => setTimeout(resume, 0));
      return left;
    """
    assert read(page, script) is True
