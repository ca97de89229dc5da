"""Turning a found region upright and enlarging it: small crops are what decoders are quick and good at."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from devices.vision.locator import Bars, Block, Grey

_MARGIN = 0.14  # of a code's length, at both ends: quiet zone, and an error of the locator
_ROWS_AT_MOST = 160
_ROWS_AT_LEAST = 24
_CUBIC_ABOVE = 1.5  # enlarged less than that, modules of a live frame are wide enough for straight lines


def enlargement(bars: Bars, length_px: int) -> float:
    """Return how many times larger than in the picture ``bars`` and its margins are in a crop of ``length_px``: 0.6 to 4.5."""
    return min(4.5, max(0.6, length_px / (bars.length * (1 + 2 * _MARGIN))))


def along_bars(across: float) -> float:
    """Return how many times a crop is enlarged along the bars; ``across`` times across them.

    Rows between those of the picture say nothing new and take as long as the others. Without any, stacked DataBar suffers.
    """
    return min(1.5, across)


def upright_bars(
    image: Grey, bars: Bars, length_px: int, offset: float = 0.0, share: float = 0.8, *, smooth: bool = False
) -> Grey:
    """Return a crop with upright bars, about ``length_px`` long with its margins.

    Along the bars it is enlarged less than across them, see ``along_bars``.

    Args:
        image: the picture.
        bars: the region.
        length_px: wanted width of the crop, see ``enlargement``.
        offset: centre of the wanted band along the bars, as a share of their height from their middle.
        share: height of that band, as a share of the bars' height.
        smooth: interpolate by cubic curves in any case, else only where modules are narrow; it takes three times as long.
    """
    across = enlargement(bars, length_px)
    along = along_bars(across)
    height_px = min(max(bars.height * share, _ROWS_AT_LEAST / across), _ROWS_AT_MOST / across)
    size = int(bars.length * (1 + 2 * _MARGIN) * across), max(1, round(height_px * along))
    how = cv2.INTER_CUBIC if smooth or across > _CUBIC_ABOVE else cv2.INTER_LINEAR
    return _cut(image, bars, size, (across, along), offset, how)


def profile(image: Grey, bars: Bars, length_px: int = 320, rows: int = 8) -> npt.NDArray[np.float32]:
    """Return the mean brightness across the bars, from few rows: cheap enough for every region."""
    scale = enlargement(bars, length_px)
    size, scales = (int(bars.length * (1 + 2 * _MARGIN) * scale), rows), (scale, rows / (bars.height * 0.8))
    crop = _cut(image, bars, size, scales, 0.0, cv2.INTER_LINEAR)
    return np.asarray(cv2.reduce(crop, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0], np.float32)


def _cut(
    image: Grey, bars: Bars, size: tuple[int, int], scales: tuple[float, float], offset: float, interpolation: int
) -> Grey:
    (width, height), (along, down) = size, scales
    cos, sin = math.cos(bars.angle), math.sin(bars.angle)
    x, y = bars.x - sin * offset * bars.height, bars.y + cos * offset * bars.height
    to_picture = np.array(
        [
            [cos / along, -sin / down, x - (cos * width / along - sin * height / down) / 2],
            [sin / along, cos / down, y - (sin * width / along + cos * height / down) / 2],
        ]
    )
    flags = interpolation | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(image, to_picture, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def swings(brightness: npt.NDArray[np.float32], swing: float = 0.12) -> int:
    """Return how often a profile goes up or down by ``swing`` of its contrast: a code does 28 times or more, text hardly."""
    ends = int(0.08 * len(brightness))
    values = brightness[ends : len(brightness) - ends]
    if len(values) < 20:
        return 0
    ordered = np.sort(values)
    step = swing * float(ordered[int(0.95 * len(ordered))] - ordered[int(0.05 * len(ordered))])
    count, turn, up = 0, float(values[0]), 0  # ``up``: 1 rising, -1 falling, 0 not yet known
    for value in values.tolist():
        if up <= 0 and value > turn + step:
            count, up, turn = count + 1, 1, value
        elif up >= 0 and value < turn - step:
            count, up, turn = count + 1, -1, value
        elif (up >= 0 and value > turn) or (up <= 0 and value < turn):
            turn = value
    return count


def grain(crop: Grey, at_most_px: int = 260) -> tuple[float, float]:
    """Return how much the gradients keep to two directions at right angles (0 to 1), and the angle of one (radians).

    The modules of a 2D code do, leaves and faces do not: below 0.13 lie a third of the false blocks and 1 % of the codes.
    """
    while max(crop.shape) > at_most_px:
        crop = _halved(crop)
    dx, dy = cv2.spatialGradient(crop)
    xx, yy, xy = (cv2.multiply(one, other, dtype=cv2.CV_32F) for one, other in ((dx, dx), (dy, dy), (dx, dy)))
    # With g = |g|·e^{iθ}, the sum of |g|²·e^{4iθ}: four directions at right angles fall together. Of real² + imaginary² =
    # energy², real² - imaginary² needs only two of the three.
    real, energy = xx - yy, xx + yy
    weight = energy + 1
    share = real / weight
    cosine = 2 * float(np.vdot(share, real)) - float(np.vdot(energy / weight, energy))
    sine = 4 * float(np.vdot(share, xy))
    return math.hypot(cosine, sine) / float(weight.sum()), math.atan2(sine, cosine) / 4


def _halved(crop: Grey) -> Grey:
    height, width = max(1, crop.shape[0] // 2), max(1, crop.shape[1] // 2)
    even = crop[: 2 * height, : 2 * width]  # four pixels to one: of other shares OpenCV makes a tenth of the speed
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def upright_block(
    image: Grey, block: Block, angle: float, side_px: int, *, enlarge: float = 4.0, smooth: bool = False
) -> Grey:
    """Return a square crop around ``block``, turned back by ``angle``, about ``side_px`` wide, ``enlarge`` times at most."""
    turned = max(block.width, block.height) / (abs(math.cos(angle)) + abs(math.sin(angle)))
    wanted = turned * 1.2 + 12  # a tenth and 6 px around it: the quiet zone, and an error of the locator
    scale = min(enlarge, side_px / wanted)
    side = max(8, int(wanted * scale))
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    x, y = block.x + block.width / 2, block.y + block.height / 2
    to_picture = np.array([[cos, -sin, x - (cos - sin) * side / 2], [sin, cos, y - (sin + cos) * side / 2]])
    flags = (cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(image, to_picture, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def alternations(crop: Grey) -> float:
    """Return how often lines across an upright block go from dark to bright: the less of rows' and columns' means.

    Nearly every QR and DataMatrix does 1.6 times or more in a crop of 180 px; of what has two directions but is no code, most
    do less.
    """
    soft, side = np.asarray(cv2.blur(crop, (5, 5)), np.uint8), len(crop)
    inside, lines = slice(int(side * 0.12), side - int(side * 0.12)), np.linspace(side * 0.2, side * 0.8, 9).astype(int)
    both = np.stack((soft[lines, inside], soft[inside, lines].T)).astype(np.float32)
    relief = both - cv2.blur(both.reshape(18, -1), (21, 1)).reshape(both.shape)
    least = 0.2 * np.abs(relief).max(axis=(1, 2), keepdims=True)
    starts = [(run[..., 1:] & ~run[..., :-1]).sum(axis=2) for run in (relief > least, relief < -least)]
    return float(np.minimum(*starts).mean(axis=1).min())
