"""A hand brings goods before the camera: accepted within three seconds, and never a wrong code; and an empty shop."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from benchmarks.figure import Figure, figure, percentile
from benchmarks.rig.frames import sample
from benchmarks.rig.peers import bare
from benchmarks.rig.sequences import FPS, sequence
from devices.vision.reader import FrameReader
from devices.vision.voter import View

SEED = int(os.environ.get("SHOPWIRE_BENCH_SEED", "20261122"))
SEQUENCES = 60
EMPTY_FRAMES = 1500
WANTED_PERCENT = {"easy": 98.0, "hard": 83.0}
WANTED_MEDIAN_S = {"easy": 0.7, "hard": 1.0}
PROCESSES = 2


class Accepted(NamedTuple):
    """One item: seconds until its code was accepted (None: never), and whether a wrong one was, ever."""

    after_s: float | None
    wrong: bool


def figures() -> Iterator[Figure]:
    """Yield percent accepted, time to it, wrong codes accepted, and readings in frames without a code."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        for scene, wanted in WANTED_PERCENT.items():
            items = list(processes.map(_item, [scene] * SEQUENCES, range(SEQUENCES)))
            times = [item.after_s for item in items if item.after_s is not None]
            yield figure(f"reader_accepted_{scene}", 100 * len(times) / SEQUENCES, "%", "wanted at least", wanted)
            yield figure(
                f"reader_accept_{scene}_median", percentile(times, 50), "s", "wanted at most", WANTED_MEDIAN_S[scene]
            )
            yield figure(f"reader_accept_{scene}_p90", percentile(times, 90), "s", "length of a sequence", 3.0)
            wrong = sum(item.wrong for item in items)
            yield figure(f"reader_wrong_accepts_{scene}", wrong, "items", "sequences", SEQUENCES)
        share = EMPTY_FRAMES // PROCESSES
        empty = sum(processes.map(_readings_in_empty_frames, range(0, EMPTY_FRAMES, share), [share] * PROCESSES))
        yield figure("reader_readings_in_empty_frames", empty, "readings", "frames", EMPTY_FRAMES)


def _item(scene: str, number: int) -> Accepted:
    truth, frames = sequence(np.random.default_rng([SEED, number]), easy=scene == "easy")
    reader, view = FrameReader(), View()
    after_s, wrong = None, False
    for index, frame in enumerate(frames):
        for reading in view.add(reader.feed(frame), index / FPS):
            if bare(reading.text) != truth:
                wrong = True
            elif after_s is None:
                after_s = (index + 1) / FPS
    return Accepted(after_s, wrong)


def _readings_in_empty_frames(first: int, count: int) -> int:
    reader = FrameReader()
    frames = (sample(np.random.default_rng([SEED, 1, number]), "neg") for number in range(first, first + count))
    return sum(len(reader.feed(frame.frame)) for frame in frames)
