"""Generated frames of a seed that nothing was tuned on: read in one frame, and all codes of frames with several."""

import os
from collections.abc import Iterator

from benchmarks.figure import Figure, figure
from benchmarks.rig.frames import GROUPS, Sample, samples
from benchmarks.rig.peers import PEERS, bare
from devices.vision.reader import FrameReader, read_picture

SEED = int(os.environ.get("SHOPWIRE_BENCH_SEED", "20261121"))
EACH = 25
WANTED_PERCENT, WANTED_OF_SEVERAL_PERCENT = 75.0, 97.0
SEVERAL = 80


def figures() -> Iterator[Figure]:
    """Yield percent of frames read, of frames with a wrong text, and of the codes in frames with three to six."""
    drawn = list(samples(SEED, EACH, tuple(group for group in GROUPS if group != "neg")))
    ours = [{bare(reading.text) for reading in read_picture(frame.frame, fast=True)} for frame in drawn]
    read = _read(drawn, ours)
    yield figure("reader_frames_read", read, "%", "wanted at least", WANTED_PERCENT)
    wrong = sum(bool(texts - frame.truth) for frame, texts in zip(drawn, ours, strict=True))
    yield figure("reader_frames_wrong_before_voting", 100 * wrong / len(drawn), "%", "frames, in %", 100.0)
    for peer, decode in PEERS.items():
        texts = [decode(frame.frame) for frame in drawn]
        yield figure("reader_frames_read_to_peer", read, "%", peer, _read(drawn, texts))
    yield from _several()


def _read(drawn: list[Sample], texts: list[set[str]]) -> float:
    return 100 * sum(bool(found & frame.truth) for frame, found in zip(drawn, texts, strict=True)) / len(drawn)


def _several() -> Iterator[Figure]:
    drawn = list(samples(SEED + 1, SEVERAL, ("multi",)))
    ours = [{bare(reading.text) for reading in FrameReader(several=True).feed(frame.frame)} for frame in drawn]
    all_of = _all_codes(drawn, ours)
    yield figure("reader_several_codes_read", all_of, "%", "wanted at least", WANTED_OF_SEVERAL_PERCENT)
    for peer, decode in PEERS.items():
        texts = [decode(frame.frame) for frame in drawn]
        yield figure("reader_several_codes_read_to_peer", all_of, "%", peer, _all_codes(drawn, texts))


def _all_codes(drawn: list[Sample], texts: list[set[str]]) -> float:
    found = sum(len(read & frame.truth) for frame, read in zip(drawn, texts, strict=True))
    return 100 * found / sum(len(frame.truth) for frame in drawn)
