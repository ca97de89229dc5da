"""The shared set of 537 pictures: how many are read, and how many give a wrong text, against the libraries as they are."""

import sys
from collections.abc import Callable, Iterator

from benchmarks.figure import Figure, figure
from benchmarks.rig.camera import Frame
from benchmarks.rig.peers import PEERS, bare
from benchmarks.rig.truth import Picture, corpora, pictures
from devices.vision.reader import read_picture

WANTED_PERCENT, WRONG_AT_MOST = 83.0, 2.0


def figures() -> Iterator[Figure]:
    """Yield percent read and pictures with a wrong text; a single frame each, before any voting."""
    stored = list(pictures(corpora() / "barcodes"))
    for name, reader in (("thorough", _thorough), ("fast", _fast)):
        read, wrong = _judged(stored, reader)
        yield figure(f"reader_pictures_{name}_read", read, "%", "wanted at least", WANTED_PERCENT)
        yield figure(f"reader_pictures_{name}_wrong", wrong, "pictures", "wanted at most", WRONG_AT_MOST)
        for peer, decode in PEERS.items():
            peer_read, peer_wrong = _judged(stored, decode)
            yield figure(f"reader_pictures_{name}_read_to_peer", read, "%", peer, peer_read)
            yield figure(f"reader_pictures_{name}_wrong_to_peer", wrong, "pictures", peer, peer_wrong)


def _thorough(frame: Frame) -> set[str]:
    return {bare(reading.text) for reading in read_picture(frame, only_retail=False)}


def _fast(frame: Frame) -> set[str]:
    return {bare(reading.text) for reading in read_picture(frame, fast=True, only_retail=False)}


def _judged(stored: list[Picture], read: Callable[[Frame], set[str]]) -> tuple[float, float]:
    hits, wrong, with_code = 0, 0, 0
    for picture in stored:
        texts = read(picture.frame)
        hits += bool(texts & picture.truth)
        with_code += bool(picture.truth)
        if invented := texts - picture.truth - picture.besides:
            wrong += 1
            print(f"{picture.name}: {read.__name__} gave {sorted(invented)}", file=sys.stderr)
    return 100 * hits / with_code, float(wrong)
