"""Sequences of frames: a hand brings an item in, it slows down, the focus settles, jitter and glare stay."""

from collections.abc import Iterator

import numpy as np

from benchmarks.rig.camera import FINER, Frame, Pose, Shot, place, shoot
from benchmarks.rig.frames import HD
from benchmarks.rig.labels import background, label, package
from benchmarks.rig.symbols import KINDS, MATRIX, SHARES, Rng, symbol

FPS = 15
FRAMES = 45  # three seconds
_GAMMA = 1.6


def sequence(rng: Rng, *, easy: bool, frames: int = FRAMES) -> tuple[str, Iterator[Frame]]:
    """Return an item's text and its frames; ``easy`` is a shopper who helps: near, about upright, in fair light."""
    width, height = HD
    kind = str(rng.choice(KINDS, p=SHARES))
    nearest, farthest = (2.0, 4.0) if easy else (1.2, 3.0)
    ppm = float(np.exp(rng.uniform(*np.log((nearest, farthest))))) * (1.3 if kind in MATRIX else 1.0)
    module_px = max(2, int(np.ceil(ppm * 1.15 * FINER)))
    code = symbol(rng, kind)
    sticker = label(rng, code, module_px)
    face = package(rng, sticker, module_px).astype(np.float32) ** _GAMMA
    ppm = min(ppm, 0.9 * width / sticker.shape[1] * module_px)
    behind = background(rng, width, height) ** _GAMMA
    hand = _Hand(rng, ppm, easy=easy)

    def taken() -> Iterator[Frame]:
        for number in range(frames):
            pose, shot = hand.at(rng, number)
            scene = behind.copy()
            place(scene, face, module_px, pose)
            yield shoot(rng, scene, shot)

    return code.truth, taken()


class _Hand:
    """Where an item is, and how its camera sees it, frame by frame."""

    def __init__(self, rng: Rng, ppm: float, *, easy: bool) -> None:
        width = HD[0]
        turned = rng.random() < 0.5 and not easy
        self.angle = rng.uniform(0, 360) if turned else rng.normal(0, 12 if easy else 20)
        self.tilt, self.towards = abs(rng.normal(0, 18)), rng.uniform(0, 360)
        self.curve = rng.uniform(0.4, 1.1) if rng.random() < 0.3 else 0.0
        self.side = rng.uniform(0, 2 * np.pi)
        self.far = rng.uniform(0.25, 0.5) * width
        self.slowing = rng.uniform(0.2, 0.6) * FPS
        self.light = float(np.exp(rng.uniform(np.log(0.3 if easy else 0.06), 0)))
        self.exposure = rng.uniform(0.15, 0.5)  # of the time of a frame
        self.first_focus = rng.uniform(0, 1.5 if easy else 2.2) * ppm
        self.last_focus, self.focusing = rng.uniform(0, 0.3 if easy else 0.5) * ppm, rng.uniform(0.2, 0.7) * FPS
        self.glare = rng.uniform(0.4, 1.0) if rng.random() < 0.3 else 0.0
        self.shaking = rng.uniform(1, 6) * width / 1280
        self.jpeg = int(rng.integers(65, 92))
        self.glare_off = rng.normal(0, 40), rng.normal(0, 30)
        self.ppm = ppm
        self.x = self.y = self.turn = self.lean = 0.0
        self.before: tuple[float, float] | None = None

    def at(self, rng: Rng, number: int) -> tuple[Pose, Shot]:
        """Return pose and shot of frame ``number``; to be asked for every frame in order."""
        width, height = HD
        self.x, self.y = 0.8 * self.x + rng.normal(0, self.shaking), 0.8 * self.y + rng.normal(0, self.shaking)
        self.turn, self.lean = 0.8 * self.turn + rng.normal(0, 0.8), 0.8 * self.lean + rng.normal(0, 1.5)
        away = np.exp(-number / self.slowing)
        x = width / 2 + np.cos(self.side) * self.far * away + self.x
        y = height / 2 + np.sin(self.side) * self.far * away * 0.6 + self.y
        dx, dy = (
            (x - self.before[0], y - self.before[1])
            if self.before
            else (np.cos(self.side) * self.far / self.slowing, 0.0)
        )
        self.before = x, y
        pose = Pose(
            x,
            y,
            self.ppm * (1 + 0.15 * away),
            self.angle + self.turn + 40 * away,
            min(60, abs(self.tilt + self.lean)),
            self.towards,
            self.curve,
        )
        glare_at = (width / 2 + self.glare_off[0] + 3 * number, height / 2 + self.glare_off[1])
        shot = Shot(
            defocus=self.last_focus + (self.first_focus - self.last_focus) * np.exp(-number / self.focusing),
            motion=float(np.hypot(dx, dy)) * self.exposure,
            motion_angle=float(np.rad2deg(np.arctan2(dy, dx))),
            light=self.light,
            noise=0.008,
            gradient=0.25,
            glare=self.glare,
            glare_at=glare_at if self.glare else None,
            jpeg=self.jpeg,
        )
        return pose, shot
