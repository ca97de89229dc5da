"""Fetching a whole replica: signed manifest, chunks by their SHA-256 over HTTPS, resumed where the line broke.

Nothing is believed because of where it came from: the manifest must have the hash that the downlink named and headquarters' signature,
each chunk the hash in the manifest. The replica in use is not touched here.
"""

import hashlib
import http.client
import shutil
import ssl
import urllib.parse
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from link.errors import LinkDown, LinkRefused
from link.identity import SIGNATURE_HEADER, EdgeIdentity, sign_request, verify_document
from protocol.errors import MalformedMessage
from protocol.messages import SnapshotRef

TIMEOUT_S = 20.0
MAX_MANIFEST_BYTES = 4 << 20
MAX_CHUNK_BYTES = 16 << 20
MAX_ROWS_BYTES = 64 << 20
PART_BYTES = 16 << 10


class Feed(msgspec.Struct, frozen=True):
    """Version of one feed and how many rows it has."""

    version: int
    rows: int


class Chunk(msgspec.Struct, frozen=True):
    """A file of compressed rows: newline-delimited JSON."""

    feed: str
    path: str
    sha256: str
    bytes: int
    raw_bytes: int
    rows: int


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot consists of."""

    edge: str
    gen: int
    cursor: int
    feeds: dict[str, Feed]
    chunks: tuple[Chunk, ...]


class FetchedSnapshot:
    """A checked snapshot in its folder."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self.gen = manifest.gen
        self.feeds = {name: feed.version for name, feed in manifest.feeds.items()}
        self._manifest, self._folder = manifest, folder

    def slices(self, rows: int) -> Iterator[tuple[str, list[Any]]]:
        """Yield ``(feed, rows)``, at most ``rows`` at once; one chunk is in memory at a time.

        Raises:
            MalformedMessage: a chunk does not hold what the manifest says.
        """
        for chunk in self._manifest.chunks:
            lines = iter(_rows_of(chunk, (self._folder / chunk.sha256).read_bytes()))
            while part := [msgspec.json.decode(line) for line in islice(lines, rows)]:
                yield chunk.feed, part

    def discard(self) -> None:
        """Free the disk."""
        shutil.rmtree(self._folder, ignore_errors=True)


class SnapshotFetcher:
    """Brings snapshots into ``folder``; blocking, for a thread of its own."""

    def __init__(
        self,
        identity: EdgeIdentity,
        folder: Path,
        now: Callable[[], datetime],
        *,
        api_url: str = "",
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """Keep how to fetch.

        Args:
            identity: whose key signs the requests and whose authority signed the manifest.
            folder: for half-fetched snapshots.
            now: headquarters' time as well as we know it.
            api_url: headquarters' address when it is another than at enrolment.
            has_room: whether the disk allows downloads.
        """
        self._identity, self._folder, self._now = identity, folder, now
        self._api_url, self._has_room = api_url, has_room

    def fetch(self, reference: SnapshotRef) -> FetchedSnapshot:
        """Return the snapshot, with every chunk on disk and checked.

        Raises:
            LinkDown: not now (no line, no room); what is on disk already is not fetched again.
            LinkRefused, IdentityRefused: headquarters refuses us, or what it sent is not signed by it.
            MalformedMessage: it is not what the downlink named.
        """
        if not self._has_room():
            raise LinkDown("the disk is too full for downloads: free space first")
        folder = self._folder / reference.sha256
        for other in self._folder.glob("*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        with _Headquarters(self._identity, self._api_url, self._now) as headquarters:
            manifest = self._manifest(reference, headquarters)
            for chunk in manifest.chunks:
                _bring(chunk, folder / chunk.sha256, headquarters)
        return FetchedSnapshot(manifest, folder)

    def _manifest(self, reference: SnapshotRef, headquarters: "_Headquarters") -> Manifest:
        raw, signature = headquarters.get(reference.path, MAX_MANIFEST_BYTES)
        found = hashlib.sha256(raw).hexdigest()
        if found != reference.sha256:
            raise MalformedMessage("snapshot manifest", f"sha256 {found}", f"sha256 {reference.sha256}")
        verify_document(self._identity.authority_file.read_text("ascii"), raw, signature)
        try:
            manifest = msgspec.json.decode(raw, type=Manifest)
        except msgspec.MsgspecError as error:
            raise MalformedMessage("snapshot manifest", str(error), "a manifest of this version") from error
        edge = self._identity.card().edge
        if manifest.edge != edge or manifest.cursor != reference.cursor:
            raise MalformedMessage(
                "snapshot manifest", f"{manifest.edge} at {manifest.cursor}", f"{edge} at {reference.cursor}"
            )
        return manifest


class _Headquarters:
    """One HTTPS connection for all requests of a fetch, each signed with the edge's key."""

    def __init__(self, identity: EdgeIdentity, api_url: str, now: Callable[[], datetime]) -> None:
        card = identity.card()
        address = urllib.parse.urlsplit(api_url or card.api_url)
        self._prefix, self._edge, self._key, self._now = address.path.rstrip("/"), card.edge, identity.key(), now
        self._connection = http.client.HTTPSConnection(
            str(address.hostname), address.port or 443, context=identity.https_context(), timeout=TIMEOUT_S
        )

    def __enter__(self) -> "_Headquarters":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, limit: int) -> tuple[bytes, str]:
        """Return body and signature header of what lies at ``path``.

        Raises:
            MalformedMessage: more than ``limit`` bytes.
            LinkDown, LinkRefused: headquarters was not reached, or refuses.
        """
        with self._asked(path, {}) as response:
            body = response.read(limit + 1)
            if len(body) > limit:
                raise MalformedMessage(path, f"more than {limit} bytes", f"at most {limit} bytes")
        return body, response.headers.get(SIGNATURE_HEADER, "")

    def get_into(self, file: Path, path: str, limit: int) -> None:
        """Bring what lies at ``path`` into ``file``; what an earlier try left there is not fetched again. Raises as ``get``."""
        have = file.stat().st_size if file.exists() else 0
        with self._asked(path, {"Range": f"bytes={have}-"} if have else {}) as response:
            resumed = response.status == 206
            with file.open("ab" if resumed else "wb") as out:
                size = have if resumed else 0
                while (part := response.read(PART_BYTES)) and (size := size + len(part)) <= limit:
                    out.write(part)
            if size > limit:
                file.unlink()
                raise MalformedMessage(path, f"more than {limit} bytes", f"at most {limit} bytes")

    @contextmanager
    def _asked(self, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
        path = self._prefix + path
        signature = sign_request(self._key, self._edge, "GET", path, b"", at=self._now())
        try:
            self._connection.request("GET", path, headers={SIGNATURE_HEADER: signature, **headers})
            response = self._connection.getresponse()
            if response.status not in (200, 206):
                response.read(PART_BYTES)
                raise LinkRefused(f"headquarters says {response.status} for {path}", code=response.status)
            yield response
            # http.client takes the end of a cut connection for the end of the answer.
            if response.length:
                raise LinkDown(f"the line broke {response.length} bytes before the end of {path}")
        except ssl.SSLCertVerificationError as error:
            raise LinkRefused(f"headquarters is not who it should be: {error.verify_message}") from error
        except (OSError, http.client.HTTPException) as error:
            raise LinkDown(f"headquarters does not answer for {path}: {error}") from error


def _bring(chunk: Chunk, file: Path, headquarters: _Headquarters) -> None:
    """Fetch one chunk unless it is here already."""
    if file.name != chunk.sha256 or len(chunk.sha256) != 64 or not chunk.sha256.isalnum():
        raise MalformedMessage("name of a chunk", chunk.sha256, "a SHA-256 in hex")
    if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == chunk.sha256:
        return
    partial = file.with_suffix(".part")
    if not partial.exists() or partial.stat().st_size < chunk.bytes:
        headquarters.get_into(partial, chunk.path, min(chunk.bytes, MAX_CHUNK_BYTES))
    found = hashlib.sha256(partial.read_bytes()).hexdigest()
    if found != chunk.sha256:
        partial.unlink()
        raise MalformedMessage(f"chunk {chunk.path}", f"sha256 {found}", f"sha256 {chunk.sha256}")
    partial.replace(file)


def _rows_of(chunk: Chunk, body: bytes) -> Iterable[bytes]:
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(body, min(chunk.raw_bytes, MAX_ROWS_BYTES) + 1)
    except zlib.error as error:
        raise MalformedMessage(f"chunk {chunk.sha256}", str(error), "zlib") from error
    rows = raw.split(b"\n")[:-1]
    if len(raw) != chunk.raw_bytes or len(rows) != chunk.rows:
        raise MalformedMessage(
            f"chunk {chunk.sha256}",
            f"{len(raw)} bytes, {len(rows)} rows",
            f"{chunk.raw_bytes} bytes, {chunk.rows} rows",
        )
    return rows
