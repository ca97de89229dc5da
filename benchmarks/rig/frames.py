"""Single frames, in groups that each disturb one thing; ``combo`` is all of it, as a hand holds goods before a till."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.rig.camera import FINER, Frame, Pose, Shot, place, shoot
from benchmarks.rig.labels import background, label, package
from benchmarks.rig.lettering import Light
from benchmarks.rig.symbols import KINDS, MATRIX, SHARES, Rng, symbol

GROUPS = (
    "clean", "rot", "persp", "motion", "defocus", "lowlight", "glare", "small", "jpeg", "curved", "multi", "vga", "combo", "neg",
)  # fmt: skip
HD, VGA = (1280, 720), (640, 480)
_GAMMA = 1.6
_NOT_BESIDE_OTHERS = ("DATABAREXP", "DATABARSTK", "GS1128")  # too wide for a third of a frame


class Sample(NamedTuple):
    """A frame and the texts that are in it."""

    group: str
    frame: Frame
    truth: frozenset[str]


class _Taken(NamedTuple):
    """How a group takes its frames."""

    pose: Pose
    shot: Shot
    codes: int = 1


def samples(seed: int, each: int, groups: tuple[str, ...] = GROUPS) -> Iterator[Sample]:
    """Yield ``each`` frames of every group, three times as many of ``combo``; the same for the same ``seed``."""
    for number, group in enumerate(GROUPS):
        if group in groups:
            for index in range(each * (3 if group == "combo" else 1)):
                yield sample(np.random.default_rng([seed, number, index]), group)


def sample(rng: Rng, group: str, size: tuple[int, int] | None = None) -> Sample:
    """Return one frame of ``group``, 1280×720, or 640×480 for ``small`` and ``vga``, or of ``size`` (width, height)."""
    width, height = size or (VGA if group in ("small", "vga") else HD)
    kind = str(rng.choice(KINDS, p=SHARES))
    taken = _taken(rng, group)
    scene = background(rng, width, height) ** _GAMMA
    truth, first = set(), None
    for index in range(taken.codes):
        text, at = _put_one(rng, scene, kind, taken, index)
        if text is not None:
            truth.add(text)
            first = first or at
    shot = taken.shot
    if shot.glare and first:
        shot = shot._replace(glare_at=(first[0] + rng.normal(0, 40), first[1] + rng.normal(0, 30)))
    return Sample(group, shoot(rng, scene, shot), frozenset(truth))


def _put_one(rng: Rng, scene: Light, kind: str, taken: _Taken, index: int) -> tuple[str | None, tuple[float, float]]:
    height, width = scene.shape
    several = taken.codes > 1
    if several:
        kind = str(rng.choice([kind for kind in KINDS if kind not in _NOT_BESIDE_OTHERS]))
    module_px = max(2, int(np.ceil(taken.pose.ppm * 1.3 * FINER)))
    code = symbol(rng, kind)
    sticker = label(rng, code, module_px)
    ppm = taken.pose.ppm * (1.3 if kind in MATRIX else 1.0)  # 2D codes at a till are printed with larger modules
    if several:
        face, column, row = sticker, index % 3, index // 3
        ppm = min(ppm, 0.30 * width / sticker.shape[1] * module_px, 0.42 * height / sticker.shape[0] * module_px)
        x, y = width * (column + 0.5) / 3 + rng.uniform(-8, 8), height * (row + 0.5) / 2 + rng.uniform(-8, 8)
        angle = rng.normal(0, 8) + (180 if rng.random() < 0.3 else 0)
    else:
        face = package(rng, sticker, module_px)
        angle = taken.pose.angle
        room = width if abs(np.cos(np.deg2rad(angle))) > 0.6 else height
        ppm = min(ppm, 0.92 * room / sticker.shape[1] * module_px)
        x = width / 2 + rng.uniform(-0.08, 0.08) * width
        y = height / 2 + rng.uniform(-0.08, 0.08) * height
    pose = taken.pose._replace(x=x, y=y, ppm=ppm, angle=angle)
    seen = place(scene, face.astype(np.float32) ** _GAMMA, module_px, pose)
    return (code.truth if seen else None), (x, y)


def _taken(rng: Rng, group: str) -> _Taken:
    ppm, angle = rng.uniform(1.8, 3.2), rng.normal(0, 6)
    pose = Pose(0, 0, ppm, angle, rng.uniform(0, 12), rng.uniform(0, 360))
    shot = Shot(
        lens=rng.uniform(0.45, 0.75),
        noise=rng.uniform(0.003, 0.010),
        gradient=rng.uniform(0, 0.3),
        jpeg=int(rng.integers(80, 96)),
    )
    match group:
        case "rot":
            return _Taken(pose._replace(angle=rng.uniform(0, 360)), shot)
        case "persp":
            tilt = rng.uniform(20, 62)
            return _Taken(pose._replace(tilt=tilt, angle=rng.normal(0, 15)), shot)
        case "motion":
            return _Taken(pose, shot._replace(motion=rng.uniform(0.8, 4.5) * ppm, motion_angle=rng.uniform(0, 180)))
        case "defocus":
            return _Taken(pose, shot._replace(defocus=rng.uniform(0.4, 1.6) * ppm))
        case "lowlight":
            light, noise = _between(rng, 0.02, 0.3), rng.uniform(0.01, 0.05)
            return _Taken(pose, shot._replace(light=light, noise=noise, jpeg=int(rng.integers(60, 90))))
        case "glare":
            return _Taken(pose, shot._replace(glare=rng.uniform(0.5, 1.8)))
        case "small":
            ppm = rng.uniform(0.8, 1.6)
            return _Taken(pose._replace(ppm=ppm, angle=rng.normal(0, 10)), shot)
        case "jpeg":
            quality = int(rng.integers(8, 35))
            return _Taken(pose._replace(ppm=rng.uniform(1.2, 2.4)), shot._replace(jpeg=quality))
        case "curved":
            curve = rng.uniform(0.7, 1.4)
            return _Taken(pose._replace(curve=curve, angle=rng.normal(0, 12)), shot)
        case "multi":
            codes = int(rng.integers(3, 7))
            return _Taken(pose._replace(ppm=rng.uniform(1.6, 2.2)), shot, codes)
        case "vga":
            return _vga(rng, pose, shot)
        case "combo":
            return _combo(rng, pose, shot)
        case "neg":
            defocus, light = rng.uniform(0, 1.2), _between(rng, 0.05, 1)
            return _Taken(pose, shot._replace(defocus=defocus, light=light, jpeg=int(rng.integers(50, 95))), codes=0)
        case _:
            return _Taken(pose, shot)


def _vga(rng: Rng, pose: Pose, shot: Shot) -> _Taken:
    ppm = rng.uniform(1.1, 2.0)
    angle = rng.uniform(0, 360) if rng.random() < 0.4 else rng.normal(0, 15)
    shot = shot._replace(
        defocus=rng.uniform(0, 0.5) * ppm,
        motion=rng.uniform(0, 0.8) * ppm,
        motion_angle=rng.uniform(0, 180),
        jpeg=int(rng.integers(55, 90)),
    )
    return _Taken(pose._replace(ppm=ppm, angle=angle), shot)


def _combo(rng: Rng, pose: Pose, shot: Shot) -> _Taken:
    ppm = _between(rng, 1.2, 3.0)
    angle = rng.uniform(0, 360) if rng.random() < 0.5 else rng.normal(0, 20)
    tilt = min(60.0, abs(rng.normal(0, 22)))
    curve = rng.uniform(0.4, 1.1) if rng.random() < 0.3 else 0.0
    shot = shot._replace(
        defocus=rng.uniform(0, 0.7) * ppm,
        motion=(rng.uniform(0, 2.0) * ppm if rng.random() < 0.6 else 0),
        motion_angle=rng.uniform(0, 180),
        light=_between(rng, 0.06, 1),
        noise=rng.uniform(0.005, 0.02),
        gradient=rng.uniform(0, 0.5),
        glare=(rng.uniform(0.4, 1.1) if rng.random() < 0.25 else 0),
        jpeg=int(rng.integers(60, 92)),
    )
    return _Taken(pose._replace(ppm=ppm, angle=angle, tilt=tilt, curve=curve), shot)


def _between(rng: Rng, low: float, high: float) -> float:
    """Return a value between two, each ratio as likely as another."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
