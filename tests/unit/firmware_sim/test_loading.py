"""What headquarters is told before the first sale, against a headquarters that only writes down."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.chain.api import Api, ApiRefused, ApiSilent
from firmware_sim.replay import dataset
from firmware_sim.replay.loading import ImportRefused, admit, load


class _Headquarters(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def rows(self, path: str) -> list[dict[str, Any]]:
        return [row for told, rows in self.told if told == path for row in rows]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Headquarters

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = self.headers["Content-Type"] == "application/x-ndjson"
        self.server.told.append(
            (self.path, [json.loads(line) for line in body.splitlines()] if lines else json.loads(body))
        )
        if self.headers["Authorization"] != "Bearer t0ken":
            self.server.status = 401
        answer = json.dumps(self.server.answers.get(self.path, {"code": f"code-for-{self.path}"})).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def headquarters() -> Iterator[_Headquarters]:
    server = _Headquarters()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(headquarters: _Headquarters) -> Iterator[Api]:
    client = Api(headquarters.url, "t0ken", timeout_s=10)
    yield client
    client.close()


def test_everything_that_the_baskets_need_is_told(headquarters: _Headquarters, api: Api) -> None:
    source = dataset.read(1, 1, stores=3)
    counted: list[int] = []
    load(api, source, counted.append)
    items = headquarters.rows("/v1/catalogue/imports")
    assert next(path for path, _ in headquarters.told) == "/v1/stores"
    assert {int(item["sku"]) for item in items} == {line.product for b in source.baskets() for line in b.lines}
    listed = {(row["store"], row["sku"]) for row in headquarters.rows("/v1/assortments/imports")}
    assert listed == {(str(b.store), str(line.product)) for b in source.baskets() for line in b.lines}
    prices = headquarters.rows("/v1/prices/imports")
    assert all(price["unit_price_minor"] > 0 and price["store"] == "*" for price in prices)
    assert {row["member_no"] for row in headquarters.rows("/v1/members/imports")} == {
        f"H{household}" for household in source.households()
    }
    assert sum(counted) == len(items) + len(prices) + len(listed) + len(source.households())


def test_a_refused_row_stops_the_replay(headquarters: _Headquarters, api: Api) -> None:
    headquarters.answers["/v1/prices/imports"] = {"errors": [{"row": 1, "detail": "sku unknown"}]}
    with pytest.raises(ImportRefused, match=r"prices: headquarters refused 1 rows, first .*sku unknown"):
        load(api, dataset.read(1, 1, stores=1), lambda _: None)


def test_one_secret_code_per_edge(headquarters: _Headquarters, api: Api, tmp_path: Path) -> None:
    admit(api, [330, 2], tmp_path / "codes")
    assert [json.loads(line) for line in (tmp_path / "codes").read_text().splitlines()] == [
        {"edge": "S330", "code": "code-for-/v1/edges/S330/enrolments"},
        {"edge": "S2", "code": "code-for-/v1/edges/S2/enrolments"},
    ]
    assert (tmp_path / "codes").stat().st_mode & 0o777 == 0o600


def test_what_headquarters_refuses_is_told_in_its_words(headquarters: _Headquarters, api: Api) -> None:
    headquarters.status = 409
    headquarters.answers["/v1/edges"] = {"title": "edge S2 exists already"}
    with pytest.raises(ApiRefused, match=r"POST /v1/edges: headquarters answered 409: .*S2 exists already") as refused:
        api.post("/v1/edges", {"edge": "S2"})
    assert refused.value.status == 409


def test_nobody_there_is_told_too(headquarters: _Headquarters) -> None:
    nobody = Api("http://127.0.0.1:9", timeout_s=2)
    with pytest.raises(ApiSilent, match=r"GET http://127\.0\.0\.1:9/v1/health"):
        nobody.wait_for("/v1/health", deadline_s=0.1)
