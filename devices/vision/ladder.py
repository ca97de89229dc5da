"""One region, cleaned up in several ways and decoded, until two clean-ups agree.

Two that agree make a reading *sure*. On the study's pictures single ones are wrong five times as often.
"""

import enum
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from devices.vision.codes import Reading
from devices.vision.decoders import linear, matrix
from devices.vision.locator import Bars, Block, Grey
from devices.vision.upright import (
    along_bars,
    alternations,
    enlargement,
    grain,
    profile,
    swings,
    upright_bars,
    upright_block,
)

AGREE = 2
_MIN_SWINGS = 18
_MIN_GRAIN = 0.13
_MIN_ALTERNATIONS = 1.6
_PLAIN_ALTERNATIONS = 2.0  # of codes that only a second attempt reads hardly one has less, of false blocks two thirds
_ROWS = 20
_ROWS_FOR_LOCAL_THRESHOLDS = 40  # below them zxing-cpp takes one threshold for a whole row


class Step(NamedTuple):
    """One clean-up of a bar region.

    Attributes:
        length_px, offset, share: the band, see ``upright_bars``.
        averaged: rows averaged along the bars, where the crop is enlarged along them as much as across.
        sigma, amount: blur that is taken away and how much of it; 0 is no sharpening.
        every_row: give the decoder all rows, not a sample of ``_ROWS``.
    """

    length_px: int
    offset: float
    share: float
    averaged: int
    sigma: float
    amount: float
    every_row: bool = False


# The order is by greedy gain on the DEV half. All rows in the first step only: in the others they cost half of
# the time and gain 0.5 % of the frames.
LADDER = (
    Step(640, 0.0, 0.8, 31, 2.0, 2.0, every_row=True),
    Step(640, 0.0, 0.8, 15, 0.0, 0.0),
    Step(640, 0.0, 0.8, 1, 0.0, 0.0),
    Step(640, 0.3, 0.3, 15, 5.0, 3.0),
    Step(450, 0.0, 0.8, 31, 2.0, 2.0),
    Step(640, -0.3, 0.3, 15, 2.0, 2.0),
    Step(900, 0.0, 0.8, 31, 3.0, 4.0),
    Step(640, 0.0, 0.8, 31, 3.0, 4.0),
)


# For still pictures, which have no next frame. Narrow bands: where a fold, a finger or glare lies over most of the bars.
_BANDS = (
    Step(640, 0.45, 0.2, 9, 2.0, 2.0),
    Step(640, -0.45, 0.2, 9, 2.0, 2.0),
    Step(640, 0.15, 0.3, 15, 2.0, 2.0),
    Step(640, -0.15, 0.3, 15, 0.0, 0.0),
)
# Asked only after a first reading: as a matter of course they would also agree on some wrong ones.
_TO_CONFIRM = (
    Step(560, 0.0, 0.8, 23, 2.0, 2.0, every_row=True),
    Step(720, 0.0, 0.5, 15, 2.0, 1.5),
    Step(800, 0.0, 0.8, 31, 3.0, 3.0),
)


class Effort(enum.Enum):
    """How many clean-ups a region is worth.

    ``FRAME``: the ladder, since another frame follows. ``STILL``: more of them where one reading wants a second.
    ``THOROUGH``: more of them everywhere.
    """

    FRAME = "frame"
    STILL = "still"
    THOROUGH = "thorough"


def read_bars(image: Grey, bars: Bars, effort: Effort = Effort.FRAME) -> Reading | None:
    """Return the linear code of a region, with 2 votes if two clean-ups agreed on it and 1 if only one read it."""
    if swings(profile(image, bars)) < _MIN_SWINGS:
        return None
    votes: Counter[Reading] = Counter()
    crop, band, smooth = image, (0, 0.0, 0.0), effort is not Effort.FRAME
    for step in _steps(effort, votes):
        if step[:3] != band:
            crop, band = upright_bars(image, bars, *step[:3], smooth=smooth), step[:3]
        votes.update(set(linear(_cleaned(crop, step, _averaged(bars, step)))))
        if votes and max(votes.values()) >= AGREE:
            break
    if not votes:
        return None
    best, count = votes.most_common(1)[0]
    return best._replace(votes=count)


def _steps(effort: Effort, votes: Counter[Reading]) -> Iterator[Step]:
    yield from LADDER
    if effort is Effort.THOROUGH or (effort is Effort.STILL and votes):
        yield from _BANDS
    if effort is not Effort.FRAME and votes:
        yield from _TO_CONFIRM


def _averaged(bars: Bars, step: Step) -> int:
    across = enlargement(bars, step.length_px)
    return max(1, round(step.averaged * along_bars(across) / across))


def _cleaned(crop: Grey, step: Step, averaged: int) -> Grey:
    """Return a sample of the rows of ``crop``, the mean of ``averaged`` each, sharpened across the bars."""
    image = cv2.blur(crop, (1, averaged)) if averaged > 1 else crop
    if not step.every_row:
        apart = max(1, len(image) // _ROWS)
        image = np.ascontiguousarray(image[(len(image) % apart) // 2 :: apart])
    if step.sigma:
        soft = cv2.GaussianBlur(image, (int(step.sigma * 3) * 2 + 1, 1), step.sigma)
        image = cv2.addWeighted(image, 1 + step.amount, soft, -step.amount, 0)
    if len(image) < _ROWS_FOR_LOCAL_THRESHOLDS:
        size = image.shape[1], max(_ROWS_FOR_LOCAL_THRESHOLDS, 2 * len(image))
        image = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(image, np.uint8)


def read_block(image: Grey, block: Block, effort: Effort = Effort.FRAME) -> list[Reading]:
    """Return the 2D codes of a region: turned upright and sharpened, then as it is and from all sides."""
    x, y = max(0, int(block.x)), max(0, int(block.y))
    inside = image[y : int(block.y + block.height), x : int(block.x + block.width)]
    if min(inside.shape) < 8:
        return []
    straight, angle = grain(inside)
    if straight < _MIN_GRAIN:
        return []
    thorough = effort is Effort.THOROUGH
    lines = alternations(upright_block(image, block, angle, 180, enlarge=2.0))
    if not thorough and lines < _MIN_ALTERNATIONS:
        return []
    crop = upright_block(image, block, angle, 360, smooth=thorough)
    found = matrix(_sharpened(crop, 7, 1.5))
    if not found and (effort is not Effort.FRAME or (lines >= _PLAIN_ALTERNATIONS and _about_square(block))):
        found = matrix(crop, turned=True)
    if thorough and not found:
        found = matrix(_sharpened(crop, 13, 3.0)) or matrix(np.asarray(cv2.blur(crop, (5, 5)), np.uint8), turned=True)
    return [reading._replace(votes=AGREE) for reading in found]


def _about_square(block: Block) -> bool:
    return max(block.width, block.height) <= 2 * min(block.width, block.height)


def _sharpened(crop: Grey, width: int, amount: float) -> Grey:
    soft = cv2.blur(crop, (width, width))
    return np.asarray(cv2.addWeighted(crop, 1 + amount, soft, -amount, 0), np.uint8)
