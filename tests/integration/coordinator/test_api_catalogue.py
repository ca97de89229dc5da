"""Imports, feeds and snapshots as an office and an edge meet them."""

import hashlib
import json
import zlib
from typing import Any

import pytest

from coordinator.handlers import feeds
from coordinator.handlers.ingest import Arrival
from link.errors import IdentityRefused
from link.identity import SIGNATURE_HEADER, verify_document
from protocol.messages import Down, DownlinkPosition
from tests.integration.coordinator.conftest import Hq, Signer

NDJSON = "application/x-ndjson"


def lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows) + "\n"


def answer(hq: Hq, edge: str, gen: int = 1, cursor: int = 0) -> Down | None:
    return feeds.answer(edge, gen, cursor, hq.office.begin(), hq.office.authority, hq.office.clock)


def test_valid_rows_go_through_and_each_error_names_row_field_value_and_limit(hq: Hq) -> None:
    report = hq.load(
        "/v1/catalogue/imports",
        lines(
            {"sku": "A", "name_zh": "甲", "barcodes": ["9520000000011"], "unit_price_minor": 100},
            {"sku": "", "name_zh": "无"},
            {"sku": "B", "name_en": "B", "unit_price_minor": -1},
            "{broken",
            {"sku": "C", "name_en": "C", "barcodes": ["9520000000011"]},
            {"sku": "D", "name_en": "D", "colour": "red"},
            {"sku": "E", "name_en": "E", "sold_by": "barrel"},
            {"sku": "F", "name_en": "F", "prices": {"nowhere": 5}},
            {"sku": "G", "name_en": "bad\u0007bell"},
            [1, 2],
            {
                "sku": "H",
                "name_en": "H",
                "barcodes": [{"code": "9520000000028", "factor_milli": 12000}],
                "prices": {"1": 90},
            },
        ),
        NDJSON,
    ).json()
    assert (report["received"], report["accepted"], report["rejected"]) == (11, 2, 9)
    errors = {error["row"]: error for error in report["errors"]}
    assert sorted(errors) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert errors[3]["value"] == "-1"
    assert "100000000" in errors[3]["limit"]
    assert (errors[5]["field"], errors[5]["value"]) == ("barcodes", "09520000000011")
    assert "SKU A has it" in errors[5]["limit"]
    assert "colour" in errors[6]["limit"]
    assert errors[7]["field"] == "sold_by"
    assert (errors[8]["field"], errors[8]["value"]) == ("store", "nowhere")
    assert hq.chain.rows("SELECT sku FROM item WHERE sku IN ('A','B','C','D','E','F','G','H') ORDER BY sku") == [
        ("A",),
        ("H",),
    ]
    assert hq.chain.rows("SELECT store, sku, unit_price_minor FROM price ORDER BY store") == [
        ("*", "A", 100),
        ("1", "H", 90),
    ]


def test_csv_and_a_json_array_say_the_same_as_ndjson(hq: Hq) -> None:
    csv = '\ufeffsku,name_zh,barcodes,unit_price_minor\nA,"甲, 大",9520000000011;9520000000028=12000,100\nB,乙,,abc\nC,丙\n'
    report = hq.load("/v1/catalogue/imports", csv.encode(), "text/csv; charset=utf-8").json()
    assert (report["accepted"], [error["row"] for error in report["errors"]]) == (1, [2, 3])
    assert report["errors"][0]["field"] == "unit_price_minor"
    assert "4 columns" in report["errors"][1]["limit"]
    assert hq.chain.rows("SELECT name_zh FROM item WHERE sku = 'A'") == [("甲, 大",)]
    assert hq.chain.rows("SELECT factor_milli FROM item_barcode WHERE sku = 'A' ORDER BY factor_milli") == [
        (1000,),
        (12000,),
    ]
    array = hq.load(
        "/v1/prices/imports",
        json.dumps([{"sku": "A", "unit_price_minor": 7}, {"sku": "Z", "unit_price_minor": 7}]),
        "application/json",
    )
    assert array.json()["accepted"] == 1
    assert array.json()["errors"][0]["field"] == "sku"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"\xff\xfe", "text/csv", "not UTF-8"),
        (b"sku,sku\n", "text/csv", "once"),
        (b"", "text/csv", "first line"),
        (b'a,b\n"x', "text/csv", "no CSV"),
        (b'{"sku":"A"}', "application/json", "no JSON array"),
        (b"[" * 5000, "application/json", "no JSON array"),
        (b"x" * 70_000, NDJSON, "longer than"),
        (b"{}", "application/xml", "is not one of"),
        (b"{}", "", "is not one of"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(hq: Hq, body: bytes, kind: str, said: str) -> None:
    answered = hq.load("/v1/catalogue/imports", body, kind)
    assert answered.status_code == 422
    assert said in answered.json()["detail"]


def test_an_import_over_the_limit_is_refused(hq: Hq) -> None:
    assert hq.load("/v1/catalogue/imports", b"x" * 200_001, NDJSON).status_code == 413


def test_members_and_assortments(hq: Hq) -> None:
    assert (
        hq.load(
            "/v1/members/imports", lines({"member_no": "H1"}, {"member_no": "H1"}, {"member_no": ""}), NDJSON
        ).json()["accepted"]
        == 2
    )
    assert hq.chain.one("SELECT count(*) FROM member") == 1
    hq.post("/v1/stores", [{"store": "1", "assortment": "listed"}])
    listed = hq.load(
        "/v1/assortments/imports",
        lines({"store": "1", "sku": "TEA-1"}, {"store": "1", "sku": "no"}, {"store": "9", "sku": "TEA-1"}),
        NDJSON,
    ).json()
    assert (listed["accepted"], [error["field"] for error in listed["errors"]]) == (1, ["sku", "store"])


def fetch(hq: Hq, signer: Signer, path: str, **headers: str) -> Any:
    return hq.client.get(path, headers={**signer.header("GET", path), **headers})


def test_an_edge_fetches_a_signed_replica_of_what_its_store_sells(hq: Hq) -> None:
    hq.post("/v1/stores", [{"store": "1", "name_zh": "一号店", "assortment": "listed", "currency": "CNY"}])
    hq.load("/v1/assortments/imports", lines(*({"store": "1", "sku": f"TEA-{n}"} for n in range(3))), NDJSON)
    hq.load(
        "/v1/prices/imports",
        lines(
            {"sku": "TEA-1", "unit_price_minor": 5},
            {"sku": "TEA-9", "unit_price_minor": 6},
            {"store": "1", "sku": "TEA-1", "unit_price_minor": 4},
        ),
        NDJSON,
    )
    signer = hq.enrol("S1")
    down = answer(hq, "S1", gen=0)
    assert down is not None
    assert down.snapshot is not None
    manifest = fetch(hq, signer, down.snapshot.path)
    assert manifest.status_code == 200, manifest.text
    assert hashlib.sha256(manifest.content).hexdigest() == down.snapshot.sha256
    signature = manifest.headers[SIGNATURE_HEADER]
    verify_document(hq.authority.certificate_pem, manifest.content, signature)
    with pytest.raises(IdentityRefused):
        verify_document(hq.authority.certificate_pem, manifest.content + b" ", signature)
    said = manifest.json()
    assert (said["edge"], said["store"], said["gen"], said["cursor"]) == ("S1", "1", 1, down.snapshot.cursor)
    feeds_got: dict[str, list[Any]] = {}
    for chunk in said["chunks"]:
        body = fetch(hq, signer, chunk["path"]).content
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (chunk["sha256"], chunk["bytes"])
        rest = fetch(hq, signer, chunk["path"], Range="bytes=3-")
        assert (rest.status_code, rest.content) == (206, body[3:])
        rows = [json.loads(row) for row in zlib.decompress(body).splitlines()]
        assert len(rows) == chunk["rows"]
        feeds_got.setdefault(chunk["feed"], []).extend(rows)
    assert [row["sku"] for row in feeds_got["catalogue"]] == ["TEA-0", "TEA-1", "TEA-2"]
    assert feeds_got["prices"] == [{"sku": "TEA-1", "unit_price_minor": 4}]
    assert feeds_got["store"][0]["name_zh"] == "一号店"


def test_another_edges_replica_looks_as_if_it_were_not_there(hq: Hq) -> None:
    one, two = hq.enrol("S1"), hq.enrol("S2")
    down = answer(hq, "S1", gen=0)
    assert down is not None
    assert down.snapshot is not None
    manifest = fetch(hq, one, down.snapshot.path).json()
    foreign = fetch(hq, two, down.snapshot.path)
    nothing = fetch(hq, two, f"/v1/snapshots/{'0' * 32}/manifest")
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    assert foreign.json()["title"] == nothing.json()["title"]
    assert fetch(hq, two, manifest["chunks"][0]["path"]).status_code == 404


def test_a_signature_is_for_one_request_of_one_edge(hq: Hq) -> None:
    one = hq.enrol("S1")
    hq.enrol("S2")
    down = answer(hq, "S1", gen=0)
    assert down is not None
    assert down.snapshot is not None
    path = down.snapshot.path
    good = one.header("GET", path)
    assert hq.client.get(path, headers=good).status_code == 200
    assert hq.client.get(path + "?x=1", headers=good).status_code == 403
    assert hq.client.get(path, headers=one.header("POST", path)).status_code == 403
    forged = {SIGNATURE_HEADER: good[SIGNATURE_HEADER].replace("edge=S1", "edge=S2")}
    assert hq.client.get(path, headers=forged).status_code == 403
    unknown = {SIGNATURE_HEADER: good[SIGNATURE_HEADER].replace("edge=S1", "edge=S99")}
    assert hq.client.get(path, headers=unknown).status_code == 401
    assert hq.client.get(path, headers={SIGNATURE_HEADER: "nonsense"}).status_code == 403
    hq.client.delete("/v1/edges/S1", headers=hq.headers("admin"))
    assert hq.client.get(path, headers=one.header("GET", path)).status_code == 403


def test_a_replica_is_made_once_and_again_only_when_something_large_changed(hq: Hq) -> None:
    first, again = answer(hq, "S1", gen=0), answer(hq, "S1", gen=0)
    assert first is not None
    assert again is not None
    assert first.snapshot == again.snapshot
    hq.load("/v1/catalogue/imports", lines(*({"sku": f"N{n}", "name_en": "n"} for n in range(100))), NDJSON)
    later = answer(hq, "S1", cursor=first.snapshot.cursor if first.snapshot else 0)
    assert later is not None
    assert later.snapshot is not None
    assert first.snapshot is not None
    assert later.snapshot.cursor == first.snapshot.cursor + 1
    assert later.snapshot.sha256 != first.snapshot.sha256


def test_stores_that_sell_the_same_share_their_chunks(hq: Hq) -> None:
    answer(hq, "S1", gen=0)
    before = hq.chain.one("SELECT count(*) FROM snapshot_chunk")
    answer(hq, "S2", gen=0)
    assert hq.chain.one("SELECT count(*) FROM snapshot_chunk") == before + 1  # only the store's own row differs


def test_small_changes_travel_as_numbered_entries_for_those_who_sell_them(hq: Hq) -> None:
    hq.post("/v1/stores", [{"store": "2", "assortment": "listed"}])
    one, two = (hq.chain.one(f"SELECT down_top FROM edge WHERE edge = '{edge}'") for edge in ("S1", "S2"))  # noqa: S608 - literals
    hq.load("/v1/catalogue/imports", lines({"sku": "TEA-1", "name_zh": "新茶", "unit_price_minor": 12}), NDJSON)
    hq.load("/v1/prices/imports", lines({"store": "1", "sku": "TEA-1", "unit_price_minor": 11}), NDJSON)
    hq.load("/v1/prices/imports", lines({"store": "*", "sku": "TEA-1", "unit_price_minor": 13}), NDJSON)
    down = answer(hq, "S1", cursor=one)
    assert down is not None
    assert [entry.seq for entry in down.entries] == [one + 1, one + 2, one + 3, one + 4]
    assert [entry.feed for entry in down.entries] == ["catalogue", "prices", "prices", "prices"]
    prices = [entry.put[0]["unit_price_minor"] for entry in down.entries[1:]]
    assert prices == [12, 11, 11]  # the store's own price stands above the chain's
    assert down.entries[0].put[0]["name_zh"] == "新茶"
    assert answer(hq, "S1", cursor=one + 4) is None
    assert answer(hq, "S2", cursor=two) is None
    rest = answer(hq, "S1", cursor=one + 3)
    assert rest is not None
    assert [entry.seq for entry in rest.entries] == [one + 4]


def test_a_cursor_from_the_future_or_another_generation_needs_a_snapshot(hq: Hq) -> None:
    for gen, cursor in ((1, 999), (2, 0), (0, 0)):
        down = answer(hq, "S1", gen=gen, cursor=cursor)
        assert down is not None
        assert down.snapshot is not None


def test_the_position_of_the_replica_comes_back_in_every_message(hq: Hq) -> None:
    hq.load("/v1/catalogue/imports", lines({"sku": "TEA-1", "name_zh": "新茶"}), NDJSON)
    edge = hq.chain.edges["S1"]
    top = hq.chain.one("SELECT down_top FROM edge WHERE edge = 'S1'")
    assert hq.chain.take(Arrival("S1", 0, edge.hello(dl=DownlinkPosition(1, top - 1))))[0].behind
    assert not hq.chain.take(Arrival("S1", 0, edge.hello(dl=DownlinkPosition(1, top))))[0].behind
    assert hq.get("/v1/edges").json()["items"][0]["down_cursor"] == top


def test_large_replicas_come_in_bounded_chunks() -> None:
    rows = [b'{"sku":"%06d","name":"%s"}' % (n, b"x" * 200) for n in range(5000)]
    chunks = list(feeds.chunked("catalogue", rows))
    assert len(chunks) > 3
    assert all(chunk.raw_bytes <= feeds.CHUNK_BYTES for chunk in chunks)
    assert b"".join(zlib.decompress(chunk.body) for chunk in chunks) == b"\n".join(rows) + b"\n"
    assert sum(chunk.rows for chunk in chunks) == 5000
