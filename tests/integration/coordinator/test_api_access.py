"""Who may call what: every route with every role, bad tokens, bad hosts, bad bodies."""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from coordinator.api.language import preferred
from coordinator.clock import SystemClock, stamp
from coordinator.db.records import SqlRecords
from coordinator.handlers.access import create_token, revoke_token
from coordinator.rows import RequestRow
from tests.integration.coordinator.conftest import Hq

RANK = {"nobody": 0, "viewer": 1, "operator": 2, "admin": 3}
NEEDS = {
    ("GET", "/v1/stores"): "viewer",
    ("POST", "/v1/stores"): "operator",
    ("GET", "/v1/edges"): "viewer",
    ("POST", "/v1/edges"): "operator",
    ("GET", "/v1/edges/{edge}/devices"): "viewer",
    ("POST", "/v1/edges/{edge}/release"): "operator",
    ("POST", "/v1/edges/{edge}/enrolments"): "operator",
    ("DELETE", "/v1/edges/{edge}"): "admin",
    ("POST", "/v1/catalogue/imports"): "operator",
    ("POST", "/v1/prices/imports"): "operator",
    ("POST", "/v1/assortments/imports"): "operator",
    ("POST", "/v1/members/imports"): "operator",
    ("GET", "/v1/stock"): "viewer",
    ("GET", "/v1/sales"): "viewer",
    ("GET", "/v1/sales/{sale_id}"): "viewer",
    ("GET", "/v1/reports/store-day-product"): "viewer",
    ("GET", "/v1/reports/source-refs"): "viewer",
    ("GET", "/v1/reports/totals"): "viewer",
    ("GET", "/v1/reports/balances"): "viewer",
    ("GET", "/v1/quarantine"): "viewer",
    ("POST", "/v1/quarantine/{event_id}/retry"): "operator",
    ("GET", "/v1/incidents"): "viewer",
    ("POST", "/v1/incidents/{number}/close"): "operator",
    ("GET", "/v1/audit"): "admin",
    ("POST", "/v1/tokens"): "admin",
    ("DELETE", "/v1/tokens/{name}"): "admin",
    ("GET", "/metrics"): "viewer",
    ("GET", "/v1/live"): "viewer",
    ("GET", "/v1/health"): "nobody",
}
SIGNED = {
    ("POST", "/v1/edges/{edge}/certificate"),
    ("GET", "/v1/snapshots/{snapshot_id}/manifest"),
    ("GET", "/v1/snapshots/{snapshot_id}/chunks/{sha256}"),
}
SECRET = {("POST", "/v1/enrolments")}
VALUES = {
    "edge": "S1",
    "sale_id": "none",
    "number": "1",
    "event_id": "none",
    "name": "none",
    "snapshot_id": "0" * 32,
    "sha256": "0" * 64,
}


def test_the_matrix_names_every_route(hq: Hq) -> None:
    listed = {(method.upper(), path) for path, methods in hq.app.openapi()["paths"].items() for method in methods}
    assert listed == set(NEEDS) | SIGNED | SECRET


@pytest.mark.parametrize("role", ["nobody", "viewer", "operator", "admin"])
def test_each_role_reaches_what_it_may_and_nothing_else(hq: Hq, role: str) -> None:
    hq.app.state.stopping.set()  # a stream of events ends at once
    wrong = []
    for (method, path), needed in sorted(NEEDS.items()):
        answer = hq.client.request(method, path.format(**VALUES), headers=hq.headers(role))
        allowed = RANK[role] >= RANK[needed]
        expected = {True: range(200, 500), False: [401 if role == "nobody" else 403]}[allowed]
        if answer.status_code not in expected or (allowed and answer.status_code in (401, 403)):
            wrong.append((method, path, answer.status_code))
        if not allowed:
            assert answer.headers["content-type"] == "application/problem+json"
    assert wrong == []


def test_routes_of_edges_take_no_token(hq: Hq) -> None:
    for method, path in sorted(SIGNED):
        answer = hq.client.request(method, path.format(**VALUES), headers=hq.headers("admin"), json={"csr_pem": "x"})
        assert answer.status_code == 401, (method, path, answer.text)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "bearer swt_x"])
def test_a_token_that_is_none_is_refused(hq: Hq, header: str) -> None:
    answer = hq.client.get("/v1/stores", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_revoked_and_expired_tokens_end(hq: Hq) -> None:
    class Earlier:
        def now(self) -> Any:
            return SystemClock().now() - timedelta(days=2)

    old = create_token("old", "admin", hq.chain.uow(), Earlier(), actor="test", days=1)
    assert hq.client.get("/v1/stores", headers={"Authorization": f"Bearer {old}"}).status_code == 401
    revoke_token("t-viewer", hq.chain.uow(), SystemClock(), actor="test")
    assert hq.get("/v1/stores").status_code == 401


def test_a_token_is_kept_only_as_its_hash(hq: Hq) -> None:
    made = hq.post("/v1/tokens", {"name": "office", "role": "viewer"}, role="admin")
    assert made.status_code == 201
    token = made.json()["token"]
    assert hq.client.get("/v1/stores", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert all(token not in str(row) for row in hq.chain.rows("SELECT * FROM api_token"))
    assert hq.post("/v1/tokens", {"name": "office", "role": "admin"}, role="admin").status_code == 409


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1", ""])
def test_a_foreign_host_name_is_refused(hq: Hq, host: str) -> None:
    answer = hq.client.get("/v1/health", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:shopwire:problem:unknown-host"


def test_no_page_of_another_origin_is_let_in(hq: Hq) -> None:
    answer = hq.client.options(
        "/v1/stores", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in answer.headers
    got = hq.client.get("/v1/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in got.headers
    assert got.headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_over_the_limit_is_refused_declared_or_not(hq: Hq) -> None:
    big = b"[" + b" " * 30_000 + b"]"
    headers = {**hq.headers("operator"), "Content-Type": "application/json"}
    declared = hq.client.post("/v1/stores", content=big, headers=headers)
    streamed = hq.client.post("/v1/stores", content=iter([big[:100], big[100:]]), headers=headers)
    for answer in (declared, streamed):
        assert answer.status_code == 413, answer.text
        assert answer.json()["limit"] == 20_000


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**9, "many"])
def test_pages_are_capped(hq: Hq, limit: Any) -> None:
    for path in ("/v1/stores", "/v1/edges", "/v1/stock", "/v1/sales", "/v1/quarantine", "/v1/incidents"):
        answer = hq.get(f"{path}?limit={limit}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "limit"


def test_fields_that_are_not_asked_for_are_refused(hq: Hq) -> None:
    store = {"store": "9", "created_at": "1970-01-01"}
    answer = hq.post("/v1/stores", [store])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "0.created_at"
    edge = hq.post("/v1/edges", {"edge": "S9", "store": "1", "revoked_at": None, "shard": 1})
    assert edge.status_code == 422


def test_pages_follow_each_other_to_the_end(hq: Hq) -> None:
    stores = [{"store": f"p{number:02}", "name_zh": "店", "name_en": "P"} for number in range(7)]
    assert hq.post("/v1/stores", stores).json() == {"stores": 7}
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = hq.get(f"/v1/stores?limit=3&after={after}").json()
        seen += [row["store"] for row in page["items"]]
        after = page["next"]
    assert seen == ["1", "2", *[f"p{number:02}" for number in range(7)]]


def test_a_repeated_post_gets_the_first_answer_and_another_body_a_conflict(hq: Hq) -> None:
    body = {"edge": "S7", "store": "1"}
    first = hq.post("/v1/edges", body, **{"Idempotency-Key": "k1"})
    again = hq.post("/v1/edges", body, **{"Idempotency-Key": "k1"})
    other = hq.post("/v1/edges", {"edge": "S8", "store": "1"}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert hq.chain.one("SELECT count(*) FROM edge WHERE edge = 'S8'") == 0
    assert (
        hq.post("/v1/edges", {"edge": "S8", "store": "1"}, role="admin", **{"Idempotency-Key": "k1"}).status_code == 201
    )
    assert hq.post("/v1/edges", body, role="viewer", **{"Idempotency-Key": "k1"}).status_code == 403


def test_a_failed_request_may_be_tried_again_under_its_key(hq: Hq) -> None:
    body = {"edge": "S7", "store": "new"}
    assert hq.post("/v1/edges", body, **{"Idempotency-Key": "k2"}).status_code == 404
    hq.post("/v1/stores", [{"store": "new"}])
    assert hq.post("/v1/edges", body, **{"Idempotency-Key": "k2"}).status_code == 201


def test_a_request_that_was_cut_off_before_its_answer_is_not_carried_out_again(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any) -> None:
        raise RuntimeError("the lights went out")

    body, key = {"edge": "S7", "store": "1"}, {"Idempotency-Key": "k3"}
    with monkeypatch.context() as patch:
        patch.setattr(SqlRecords, "finish_request", cut)
        assert hq.post("/v1/edges", body, **key).status_code == 500
    hq.chain.database.engine.dispose()  # as a new process would see it
    audited = "SELECT count(*) FROM audit WHERE action = 'edge_added'"
    assert hq.chain.one(audited) == 1
    again = hq.post("/v1/edges", body, **key)
    assert again.status_code == 409
    assert "ask again" in again.json()["detail"]
    assert "take a new key" in hq.post("/v1/edges", {**body, "edge": "S8"}, **key).json()["detail"]
    assert hq.chain.one(audited) == 1
    assert hq.post("/v1/edges", body, **{"Idempotency-Key": "k4"}).status_code == 201


def test_a_request_that_another_process_carries_out_is_not_carried_out_here(hq: Hq) -> None:
    body = {"edge": "S7", "store": "1"}
    content = hashlib.sha256(b"POST /v1/edges\n" + msgspec.json.encode(body)).hexdigest()
    row = RequestRow("t-operator", "k5", content, 0, b"", stamp(SystemClock().now()))
    with hq.chain.uow() as uow:
        assert uow.records.reserve_request(row)
        uow.commit()
    headers = {**hq.headers("operator"), "Content-Type": "application/json", "Idempotency-Key": "k5"}
    assert hq.client.post("/v1/edges", content=msgspec.json.encode(body), headers=headers).status_code == 409
    assert hq.chain.one("SELECT count(*) FROM edge WHERE edge = 'S7'") == 0
    with hq.chain.uow() as uow:
        uow.records.finish_request(row._replace(status=201, body=b'{"edge": "S7"}'))
        uow.commit()
    replayed = hq.client.post("/v1/edges", content=msgspec.json.encode(body), headers=headers)
    assert (replayed.status_code, replayed.json()) == (201, {"edge": "S7"})
    assert hq.chain.one("SELECT count(*) FROM edge WHERE edge = 'S7'") == 0


def test_every_error_is_a_problem_with_the_thing_and_what_to_do(hq: Hq) -> None:
    for answer, status in (
        (hq.get("/v1/nothing"), 404),
        (hq.client.put("/v1/stores", headers=hq.headers()), 405),
        (hq.get("/v1/sales/none"), 404),
        (hq.post("/v1/edges", {"edge": "s1", "store": "1"}), 422),
        (hq.post("/v1/edges", {"edge": "S1", "store": "2"}), 409),
        (hq.post("/v1/stores", [{"store": "x", "timezone": "Mars/Base"}]), 422),
        (hq.post("/v1/stores", [{"store": "x", "currency": "XXX"}]), 422),
        (hq.post("/v1/stores", [{"store": "x", "name_en": "a\u202eb"}]), 422),
        (hq.client.post("/v1/stores", content=b"{", headers={**hq.headers(), "Content-Type": "application/json"}), 422),
    ):
        problem = answer.json()
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(problem) >= {"type", "title", "status", "detail"}
        assert problem["status"] == status
        assert problem["type"].startswith("urn:shopwire:problem:")


def test_people_read_problems_in_their_language_and_programs_the_same_type(hq: Hq) -> None:
    english = {**hq.headers(), "Content-Type": "application/json"}
    chinese = {**english, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    for method, path, content, detail in (
        ("GET", "/v1/nothing", b"", "没有这个页面或资源：请看 /openapi.json"),
        ("GET", "/v1/sales/none", b"", "销售 'none' 未在此入账"),
        ("POST", "/v1/edges", b'{"edge": "S1", "store": "2"}', "设备 S1 属于门店 '1'，不是 '2'"),
        ("POST", "/v1/edges", b'{"store": "1"}', "必填"),
        ("POST", "/v1/stores", b'[{"store": "x", "timezone": "Mars/Base"}]', "应为IANA 时区名"),
    ):
        told = hq.client.request(method, path, content=content, headers=chinese)
        plain = hq.client.request(method, path, content=content, headers=english)
        assert detail in told.json()["detail"]
        assert told.headers["content-language"] == "zh-CN"
        assert plain.headers["content-language"] == "en"
        assert plain.json()["detail"].isascii()
        assert plain.json()["title"].isascii()
        assert not told.json()["title"].isascii()
        for name in ("type", "status"):
            assert told.json()[name] == plain.json()[name]


def test_who_may_not_enter_is_told_so_in_chinese(hq: Hq) -> None:
    told = hq.client.get("/v1/stores", headers={"Authorization": "Bearer swt_x", "Accept-Language": "zh"})
    assert told.json()["detail"] == "令牌未知、已吊销或已过期：请向管理员索取"
    assert told.headers["www-authenticate"] == "Bearer"
    assert int(told.headers["content-length"]) == len(told.content)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("en;q=0.5, zh;q=0.8", "zh"),
        ("fr, en;q=0.9, zh;q=0.1", "en"),
        ("zh;q=x", "en"),
        ("*", "en"),
    ],
)
def test_the_language_is_what_the_reader_prefers(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_an_unforeseen_error_tells_nothing_of_the_inside(hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("password in here")

    monkeypatch.setattr(type(hq.office.views), "stores", broken)
    answer = hq.get("/v1/stores")
    assert answer.status_code == 500
    assert "password" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_openapi_has_examples_and_names_the_token(hq: Hq) -> None:
    spec = hq.client.get("/openapi.json").json()
    assert spec["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    body = spec["paths"]["/v1/catalogue/imports"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/x-ndjson", "text/csv", "application/json"}
    assert spec["components"]["schemas"]["StoreIn"]["examples"]
    assert hq.client.get("/docs").status_code == 404
