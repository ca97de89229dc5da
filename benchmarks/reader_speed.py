"""CPU time of one thread per 1280×720 frame, with a code and without, against zxing-cpp with all options in the same run."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.figure import Figure, figure, percentile
from benchmarks.rig.camera import Frame
from benchmarks.rig.frames import GROUPS, samples
from benchmarks.rig.peers import zxing_all
from devices.vision.reader import FrameReader

SEED = 20261123
EACH, WITHOUT = 8, 40
PASSES = 3
WITH_CODE_MS, WITHOUT_MS, WITHOUT_P95_MS, OF_ZXING = 6.0, 8.0, 15.0, 0.3
_NOT_HD = ("small", "vga", "neg", "multi")


def figures() -> Iterator[Figure]:
    """Yield median and 95th percentile in ms; frames come to a ``FrameReader`` one after the other, as from a camera."""
    with_code = [frame.frame for frame in samples(SEED, EACH, tuple(g for g in GROUPS if g not in _NOT_HD))]
    without = [frame.frame for frame in samples(SEED, WITHOUT, ("neg",))]
    for name, frames, limit_ms in (("code", with_code, WITH_CODE_MS), ("none", without, WITHOUT_MS)):
        # Decoders take turns, and of each frame the best of several passes counts: other load matters little.
        ours, zxing = np.full(len(frames), np.inf), np.full(len(frames), np.inf)
        for _ in range(PASSES):
            ours = np.minimum(ours, _times_ms(FrameReader().feed, frames))
            zxing = np.minimum(zxing, _times_ms(zxing_all, frames))
        median, of_zxing = float(np.median(ours)), float(np.median(zxing))
        yield figure(f"reader_cpu_{name}_median", median, "ms", "wanted at most", limit_ms)
        yield figure(f"reader_cpu_{name}_p95", percentile(ours.tolist(), 95), "ms", "wanted at most", WITHOUT_P95_MS)
        yield figure(f"reader_cpu_{name}_median_to_peer", median, "ms", "zxing-cpp, all options", of_zxing)
        yield figure(f"reader_cpu_{name}_share_of_peer", median / of_zxing, "of peer", "wanted at most", OF_ZXING)


def _times_ms(read: Callable[[Frame], object], frames: list[Frame]) -> list[float]:
    times = []
    for frame in frames:
        began = time.thread_time()
        read(frame)
        times.append(1000 * (time.thread_time() - began))
    return times
