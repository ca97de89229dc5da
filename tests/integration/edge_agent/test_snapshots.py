"""A whole replica over real HTTPS: signed, checked, resumed, swapped in at once, and nothing of it believed before (F57)."""

import asyncio
import hashlib
import json
import ssl
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from edge_agent.db.journal import Journal, open_journal
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.writer import Writer
from edge_agent.memory import SettableClock, SettableRoom
from edge_agent.snapshots import SnapshotFetcher
from link.certificates import CertificateAuthority
from link.errors import IdentityRefused, LinkDown, LinkError, LinkRefused
from link.identity import SIGNATURE_HEADER, EdgeIdentity, sign_document, verify_request
from protocol.downlink import TakeSnapshot
from protocol.errors import MalformedMessage, ProtocolError
from protocol.messages import DownlinkPosition, SnapshotRef
from tests.edge_headquarters import enrolled
from tests.edge_store import ITEMS, PLACE, PRICES, ean


class Headquarters:
    """Serves one snapshot; may cut the line after so many bytes of a chunk."""

    def __init__(self, folder: Path) -> None:
        self.authority = CertificateAuthority(folder / "ca")
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.sent = 0
        self.cut_after: int | None = None
        self.certificate = ""
        made = self.authority.ensure_server(folder / "https", ["127.0.0.1"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.chain, made.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, feeds: dict[str, list[Any]], cursor: int = 9, **lies: Any) -> SnapshotRef:
        chunks = []
        for feed, rows in feeds.items():
            raw = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            body = zlib.compress(raw)
            sha256 = hashlib.sha256(body).hexdigest()
            path = f"/v1/snapshots/x/chunks/{sha256}"
            self.files[path] = body
            chunks.append(
                {
                    "feed": feed,
                    "path": path,
                    "sha256": sha256,
                    "bytes": len(body),
                    "raw_bytes": len(raw),
                    "rows": len(rows),
                }
            )
        versions = {feed: {"version": cursor, "rows": len(rows)} for feed, rows in feeds.items()}
        manifest = json.dumps(
            {"edge": "S1", "gen": 1, "cursor": cursor, "feeds": versions, "chunks": chunks} | lies
        ).encode()
        self.files["/v1/snapshots/x/manifest"] = manifest
        self.headers[SIGNATURE_HEADER] = sign_document(self.authority.key, manifest)
        return SnapshotRef("/v1/snapshots/x/manifest", cursor, hashlib.sha256(manifest).hexdigest())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hq = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hq.asked.append(self.path)
                verify_request(
                    hq.certificate, self.headers[SIGNATURE_HEADER], "GET", self.path, b"", now=datetime.now(UTC)
                )
                body = hq.files.get(self.path)
                start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
                self.send_response(404 if body is None else 206 if start else 200)
                for name, value in hq.headers.items():
                    self.send_header(name, value)
                rest = (body or b"")[start:]
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                cut = hq.cut_after if "/chunks/" in self.path else None
                self.wfile.write(rest if cut is None else rest[:cut])
                hq.sent += len(rest) if cut is None else min(cut, len(rest))
                self.close_connection = cut is not None

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    made = Headquarters(tmp_path / "hq")
    yield made
    made.close()


class Store:
    """The journal of one enrolled edge, and what fetches for it."""

    def __init__(self, hq: Headquarters, folder: Path) -> None:
        enrolled(hq.authority, folder, "S1", "1", 9)
        identity = EdgeIdentity(folder / "identity")
        hq.certificate = identity.certificate_file.read_text()
        self.writer = Writer()
        self.journal: Journal = open_journal(folder / "edge.db", self.writer)
        self.writer.call(lambda: self.journal.boot(PLACE, SettableRoom(), SettableClock(), prints=False))
        self.room = True
        self.fetcher = SnapshotFetcher(
            identity, folder / "snapshots", lambda: datetime.now(UTC), api_url=hq.url, has_room=lambda: self.room
        )
        self.relay_journal = SqliteRelayJournal(
            self.journal,
            SettableClock(),
            boot_id="b",
            software="test",
            fetch=self.fetcher.fetch,
            in_thread=asyncio.to_thread,
            free_bytes=lambda: 0,
            epoch_started=lambda _: None,
        )

    async def take(self, reference: SnapshotRef) -> None:
        await self.relay_journal.take_snapshot(TakeSnapshot(reference, DownlinkPosition(1, reference.cursor)))

    def skus(self) -> list[str]:
        return self.writer.call(
            lambda: [row[0] for row in self.journal.connection.execute("SELECT sku FROM item ORDER BY 1")]
        )

    def cursor(self) -> tuple[int, int]:
        at = self.writer.call(self.journal.outbox.position)
        return at.dl_gen, at.dl_cursor

    def close(self) -> None:
        self.writer.call(self.journal.close)
        self.writer.close()


@pytest.fixture
def shop(hq: Headquarters, tmp_path: Path) -> Iterator[Store]:
    made = Store(hq, tmp_path / "s1")
    yield made
    made.close()


def many(count: int) -> dict[str, list[Any]]:
    items = [
        {
            "sku": f"N{number}",
            "name_zh": f"商品{number}",
            "name_en": "x" * (number % 50),
            "barcodes": [{"code": ean(number)}],
        }
        for number in range(count)
    ]
    return {
        "catalogue": items,
        "prices": [{"sku": f"N{number}", "unit_price_minor": number} for number in range(count)],
        "store": [{"store": "1", "name_zh": "新店名"}],
    }


async def test_a_replica_is_swapped_in_with_its_cursor(shop: Store, hq: Headquarters) -> None:
    assert shop.skus() == sorted(item["sku"] for item in ITEMS)
    await shop.take(hq.publish(many(1200)))
    assert len(shop.skus()) == 1200
    assert shop.cursor() == (1, 9)
    found = shop.writer.call(lambda: shop.journal.uow.catalogue.by_code("0" + ean(7)))
    assert found is not None
    assert (found.item.sku, found.unit_price_minor) == ("N7", 7)
    assert shop.writer.call(shop.journal.uow.catalogue.price_version) == 9
    await shop.take(hq.publish({"catalogue": ITEMS, "prices": PRICES, "store": []}, cursor=12))
    assert shop.skus() == sorted(item["sku"] for item in ITEMS)
    staged = shop.writer.call(lambda: shop.journal.connection.execute("SELECT count(*) FROM item_staged").fetchone())
    assert staged == (0,)


async def test_a_line_that_breaks_every_two_thousand_bytes_brings_it_all_the_same(
    shop: Store, hq: Headquarters
) -> None:
    reference = hq.publish(many(1500))
    total = sum(len(body) for path, body in hq.files.items() if "/chunks/" in path)
    hq.cut_after, breaks = 2000, 0
    while shop.cursor() != (1, 9):
        try:
            await shop.take(reference)
        except LinkDown:
            breaks += 1
            assert breaks < total / 2000 + 5
    manifest = len(hq.files["/v1/snapshots/x/manifest"])
    assert breaks >= 3
    assert hq.sent <= total + manifest * (breaks + 1)


LIES: list[tuple[str, Any]] = [("edge", "S2"), ("gen", 0), ("cursor", 3), ("chunks", "none")]


@pytest.mark.parametrize(("field", "value"), LIES)
async def test_a_manifest_that_is_not_ours_is_refused(shop: Store, hq: Headquarters, field: str, value: Any) -> None:
    reference = hq.publish(many(5), **{field: value})
    with pytest.raises(MalformedMessage):
        await shop.take(SnapshotRef(reference.path, 9, reference.sha256))
    assert "TEA" in shop.skus()


async def test_somebody_elses_signature_is_refused(shop: Store, hq: Headquarters, tmp_path: Path) -> None:
    reference = hq.publish(many(5))
    stranger = CertificateAuthority(tmp_path / "stranger")
    hq.headers[SIGNATURE_HEADER] = sign_document(stranger.key, hq.files["/v1/snapshots/x/manifest"])
    with pytest.raises(IdentityRefused):
        await shop.take(reference)


async def test_another_manifest_than_named_is_refused(shop: Store, hq: Headquarters) -> None:
    reference = hq.publish(many(5))
    with pytest.raises(MalformedMessage, match="sha256"):
        await shop.take(SnapshotRef(reference.path, 9, "0" * 64))


@pytest.mark.parametrize("change", ["other bytes", "a bomb", "no zlib"])
async def test_a_chunk_that_is_not_as_named_is_refused_and_the_old_replica_stays(
    shop: Store, hq: Headquarters, change: str
) -> None:
    reference = hq.publish(many(50))
    (path,) = [path for path, body in hq.files.items() if "/chunks/" in path and len(body) > 300][:1]
    honest = hq.files[path]
    hq.files[path] = {
        "other bytes": bytes(len(honest)),
        "a bomb": zlib.compress(bytes(50 << 20)),
        "no zlib": honest[:-1] + b"x",
    }[change]
    with pytest.raises(ProtocolError):
        await shop.take(reference)
    assert "TEA" in shop.skus()
    assert shop.cursor() == (0, 0)
    hq.files[path] = honest
    await shop.take(reference)
    assert len(shop.skus()) == 50


async def test_rows_that_cannot_be_sold_are_refused_as_a_whole(shop: Store, hq: Headquarters) -> None:
    with pytest.raises(MalformedMessage, match="price of SKU TEA"):
        await shop.take(
            hq.publish({"catalogue": ITEMS, "prices": [{"sku": "TEA", "unit_price_minor": -5}], "store": []})
        )
    assert shop.cursor() == (0, 0)


async def test_no_room_and_no_file_are_said(shop: Store, hq: Headquarters) -> None:
    reference = hq.publish(many(5))
    shop.room = False
    with pytest.raises(LinkDown, match="too full"):
        await shop.take(reference)
    shop.room = True
    hq.files.clear()
    with pytest.raises(LinkRefused, match="404"):
        await shop.take(reference)


async def test_nobody_there_is_a_closed_road(shop: Store, hq: Headquarters, tmp_path: Path) -> None:
    fetcher = SnapshotFetcher(
        EdgeIdentity(tmp_path / "s1" / "identity"),
        tmp_path / "x",
        lambda: datetime.now(UTC),
        api_url="https://127.0.0.1:9",
    )
    with pytest.raises(LinkError):
        await asyncio.to_thread(fetcher.fetch, hq.publish(many(5)))
