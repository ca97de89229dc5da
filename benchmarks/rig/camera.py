"""A camera: where a face lands on the frame, and what lens, light, motion, sensor and JPEG make of it."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.rig.lettering import Light
from benchmarks.rig.symbols import Rng

Frame = npt.NDArray[np.uint8]
FINER = 3  # a label is drawn this many times finer than the frame, and averaged
_ELECTRONS_AT_WHITE = 900.0


class Pose(NamedTuple):
    """How a face is held: centre (pixels), scale (pixels per module), turn, tilt and its direction (degrees).

    ``curve`` is half the angle (radians) that the face covers of a cylinder around its vertical axis; 0 is flat.
    """

    x: float
    y: float
    ppm: float
    angle: float
    tilt: float
    tilt_direction: float
    curve: float = 0.0


class Shot(NamedTuple):
    """One exposure; lengths in pixels, ``light`` as a share of full, ``jpeg`` a quality or None for no coding."""

    lens: float = 0.55
    defocus: float = 0.0
    motion: float = 0.0
    motion_angle: float = 0.0
    light: float = 1.0
    noise: float = 0.006
    gradient: float = 0.0
    glare: float = 0.0
    glare_at: tuple[float, float] | None = None
    jpeg: int | None = None


def place(frame: Light, face: Light, module_px: int, pose: Pose) -> bool:
    """Draw ``face`` (``module_px`` pixels a module) onto ``frame`` as it is held; False if nothing of it is in sight."""
    height, width = frame.shape
    face_height, face_width = face.shape
    view = _view(max(width, height), module_px, pose)
    half_width, radius = face_width / 2, None
    if pose.curve > 0:
        radius = half_width / pose.curve
        half_width = radius * np.sin(min(pose.curve, 1.45))
    half_height = face_height / 2
    corners = np.array(
        [
            [-half_width, half_width, half_width, -half_width],
            [-half_height, -half_height, half_height, half_height],
            [1] * 4,
        ]
    )
    seen = view @ corners
    if (seen[2] <= 0).any():
        return False
    seen = seen[:2] / seen[2]
    left, right = int(max(0, np.floor(seen[0].min()))), int(min(width, np.ceil(seen[0].max()) + 1))
    top, bottom = int(max(0, np.floor(seen[1].min()))), int(min(height, np.ceil(seen[1].max()) + 1))
    if right - left < 3 or bottom - top < 3:
        return False
    across = (np.arange((right - left) * FINER, dtype=np.float32) + 0.5) / FINER + left
    down = (np.arange((bottom - top) * FINER, dtype=np.float32) + 0.5) / FINER + top
    grid_x, grid_y = np.meshgrid(across, down)
    back = np.linalg.inv(view)
    depth = back[2, 0] * grid_x + back[2, 1] * grid_y + back[2, 2]
    u = (back[0, 0] * grid_x + back[0, 1] * grid_y + back[0, 2]) / depth
    v = (back[1, 0] * grid_x + back[1, 1] * grid_y + back[1, 2]) / depth
    inside = ((np.abs(v) < half_height) & (np.abs(u) < half_width)).astype(np.float32)
    shade = None
    if radius is not None:
        bent = np.clip(u / radius, -0.999, 0.999)
        shade = (np.sqrt(1 - bent * bent) * 0.75 + 0.25).astype(np.float32)
        u = radius * np.arcsin(bent)
    columns, rows = (u + face_width / 2 - 0.5).astype(np.float32), (v + face_height / 2 - 0.5).astype(np.float32)
    drawn = cv2.remap(face, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if shade is not None:
        drawn = drawn * shade
    size = (right - left, bottom - top)
    light = cv2.resize(drawn * inside, size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    frame[top:bottom, left:right] = frame[top:bottom, left:right] * (1 - cover) + light
    return True


def _view(longer_side: int, module_px: int, pose: Pose) -> npt.NDArray[np.float64]:
    """Return the homography from the face's plane (pixels from its centre) to the frame."""
    angle, tilt, towards = np.deg2rad(pose.angle), np.deg2rad(pose.tilt), np.deg2rad(pose.tilt_direction)
    focal = 1.6 * longer_side
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    axis = np.array([np.cos(towards), np.sin(towards), 0])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    lean = np.eye(3) + np.sin(tilt) * cross + (1 - np.cos(tilt)) * cross @ cross
    turned = lean @ turn
    distance = focal / (pose.ppm / module_px)
    plane = np.array(
        [
            [focal * turned[0, 0], focal * turned[0, 1], 0],
            [focal * turned[1, 0], focal * turned[1, 1], 0],
            [turned[2, 0], turned[2, 1], distance],
        ]
    )
    return np.asarray(np.array([[1, 0, pose.x], [0, 1, pose.y], [0, 0, 1]]) @ plane)


def shoot(rng: Rng, scene: Light, shot: Shot) -> Frame:
    """Return the 8-bit grey frame of a linear ``scene``."""
    light = scene.astype(np.float32)
    if shot.gradient > 0:
        light = light * _falling_light(rng, light.shape, shot.gradient)
    if shot.glare > 0:
        light = light + _glare(rng, light.shape, shot)
    light = _blurred(light, shot)
    full = _ELECTRONS_AT_WHITE * shot.light  # fewer electrons in low light, amplified back
    light = np.clip(light, 0, 1.6)
    sigma = np.sqrt(light / full + shot.noise**2 + (2.5 / full) ** 2 * 4)
    light = light + rng.standard_normal(light.shape, np.float32) * sigma
    frame: Frame = (np.clip(light, 0, 1) ** 0.5 * 255 + 0.5).astype(np.uint8)
    if shot.jpeg is None:
        return frame
    coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, shot.jpeg])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _blurred(light: Light, shot: Shot) -> Light:
    if shot.lens > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), shot.lens), np.float32)
    if shot.defocus > 0.3:
        light = np.asarray(cv2.filter2D(light, -1, _disk(shot.defocus), borderType=cv2.BORDER_REPLICATE), np.float32)
    if shot.motion > 0.5:
        line = _line(shot.motion, shot.motion_angle)
        light = np.asarray(cv2.filter2D(light, -1, line, borderType=cv2.BORDER_REPLICATE), np.float32)
    return light


def _falling_light(rng: Rng, shape: tuple[int, ...], gradient: float) -> Light:
    towards = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    slope = ((x / shape[1] - 0.5) * np.cos(towards) + (y / shape[0] - 0.5) * np.sin(towards)) * 2
    return np.asarray(1 - gradient * (0.5 + 0.5 * np.clip(slope, -1, 1)))


def _glare(rng: Rng, shape: tuple[int, ...], shot: Shot) -> Light:
    at = shot.glare_at or (rng.uniform(0.2, 0.8) * shape[1], rng.uniform(0.2, 0.8) * shape[0])
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    narrow, wide = rng.uniform(12, 40) * shot.glare, rng.uniform(20, 120) * shot.glare
    turn = rng.uniform(0, np.pi)
    u = (x - at[0]) * np.cos(turn) + (y - at[1]) * np.sin(turn)
    v = -(x - at[0]) * np.sin(turn) + (y - at[1]) * np.cos(turn)
    return np.asarray(2.2 * np.exp(-((u / narrow) ** 2) / 2 - (v / wide) ** 2 / 2) * min(1.5, shot.glare))


def _disk(radius: float) -> Light:
    side = int(np.ceil(radius)) * 2 + 3
    centre = side // 2
    y, x = np.mgrid[: side * 5, : side * 5]
    fine = (((x + 0.5) / 5 - centre - 0.5) ** 2 + ((y + 0.5) / 5 - centre - 0.5) ** 2 <= radius * radius).astype(
        np.float32
    )
    kernel = np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _line(length: float, angle: float) -> Light:
    side = int(np.ceil(length)) + 3
    side += 1 - side % 2
    fine = np.zeros((side * 5, side * 5), np.float32)
    centre = side * 2.5
    dx, dy = np.cos(np.deg2rad(angle)) * length * 2.5, np.sin(np.deg2rad(angle)) * length * 2.5
    cv2.line(fine, (int(centre - dx), int(centre - dy)), (int(centre + dx), int(centre + dy)), 1.0, 5)
    kernel = np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(kernel / max(float(kernel.sum()), 1e-6), np.float32)
