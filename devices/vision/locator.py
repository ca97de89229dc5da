"""Where in a picture a code may be: the structure tensor on small cells, and the connected cells that look like one.

Bars are cells whose gradients all point one way; a QR or DataMatrix is a block of cells with strong gradients in
all directions. Gradients are squared before they are averaged over a cell, so bars stay visible that a thumbnail
would wash out. All constants were set on the DEV half of the study's pictures; a frame of 1280×720 takes 1 ms.
"""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
"""A picture: (height, width) uint8, row-major, 0 = black."""
Plane = npt.NDArray[np.float32]
Values = npt.NDArray[np.floating[Any]]

SIDE_PX = 640  # the picture is looked at with its longer side reduced to this
CELL_PX = 4
_STRIP_CELLS = 12  # little enough at once that malloc keeps the memory: fresh pages for every frame cost 1 ms
_COHERENT, _SCATTERED = 0.5, 0.65  # share of a cell's gradient energy that points one way: bars above, blocks below
_FLOOR, _NOISE = 500.0, 400.0  # energy below which a cell is paper, and what sensor noise adds to every cell
_BARS_OF_MAX, _BLOCK_OF_MAX = 0.08, 0.10  # a code is not much weaker than the strongest thing in the picture
_MIN_BAR_CELLS, _MIN_BLOCK_CELLS = 12, 9
_MIN_LENGTH_PX = 30.0


class Field(NamedTuple):
    """The structure tensor of a picture on cells.

    Attributes:
        xx, yy, xy: (rows, columns) float32, mean products of the gradients in each cell.
        across, down: cells per pixel of the picture, along its width and its height.
    """

    xx: Plane
    yy: Plane
    xy: Plane
    across: float
    down: float


class Bars(NamedTuple):
    """A region of parallel bars: its centre, its length across the bars and height along them, all in pixels.

    ``angle`` (radians) is the direction across the bars against the picture's rows.
    """

    x: float
    y: float
    length: float
    height: float
    angle: float


class Block(NamedTuple):
    """An upright box around gradients of all directions, in pixels."""

    x: float
    y: float
    width: float
    height: float


def field(image: Grey, side_px: int = SIDE_PX) -> Field:
    """Return the structure tensor of ``image``, looked at with its longer side reduced to ``side_px``."""
    height, width = image.shape
    scale = min(1.0, side_px / max(height, width))
    size = max(CELL_PX, round(width * scale)), max(CELL_PX, round(height * scale))
    # Down to a half, linear loses nothing to the eye and takes a fifth of the time of areas that share pixels.
    how = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA
    small = image if size == (width, height) else np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
    columns, rows = small.shape[1] // CELL_PX, small.shape[0] // CELL_PX
    planes = np.empty((3, rows, columns), np.float32)
    for top in range(0, rows, _STRIP_CELLS):
        _fill(planes[:, top : top + _STRIP_CELLS], small, top * CELL_PX)
    return Field(planes[0], planes[1], planes[2], size[0] / width / CELL_PX, size[1] / height / CELL_PX)


def _fill(planes: Plane, small: Grey, top: int) -> None:
    """Write the products of the gradients from row ``top`` on into ``planes``: (3, rows, columns) of cells."""
    rows, columns = planes.shape[1] * CELL_PX, planes.shape[2] * CELL_PX
    above = min(top, 1)  # gradients look one row further on either side
    sides = cv2.spatialGradient(small[top - above : top + rows + 1])
    gx, gy = (side[above : above + rows, :columns] for side in sides)
    for plane, one, other in zip(planes, (gx, gy, gx), (gx, gy, gy), strict=True):
        products = cv2.multiply(one, other, dtype=cv2.CV_32F)
        cv2.resize(products, plane.shape[::-1], plane, interpolation=cv2.INTER_AREA)


def bar_regions(tensor: Field, limit: int) -> list[Bars]:
    """Return at most ``limit`` regions of parallel bars, the strongest first."""
    spread = 5
    xx, yy, xy = (cv2.blur(plane, (spread, spread)) for plane in tensor[:3])
    energy, cosine, sine = xx + yy, xx - yy, xy + xy
    one_way = np.asarray(cv2.magnitude(cosine, sine), np.float32)
    strong = energy > max(_FLOOR, _BARS_OF_MAX * float(energy.max()))
    mask = ((one_way > _COHERENT * (energy + _NOISE)) & strong).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 4, cv2.CV_32S, cv2.CCL_WU)
    areas = stats[1:, cv2.CC_STAT_AREA]
    found = []
    for index in np.argsort(-areas)[: 2 * limit]:
        if areas[index] < _MIN_BAR_CELLS:
            break
        x, y, width, height = (int(value) for value in stats[index + 1, :4])
        box = slice(y, y + height), slice(x, x + width)
        rows, columns = np.nonzero(labels[box] == index + 1)
        cells = _Cells(
            (columns + (x + 0.5)) / tensor.across,
            (rows + (y + 0.5)) / tensor.down,
            cosine[box][rows, columns],
            sine[box][rows, columns],
            one_way[box][rows, columns],
        )
        bars = _bars(cells, 1 / tensor.across, spread)
        if bars is not None:
            found.append(bars)
    return [bars for _, bars in sorted(found, reverse=True)[:limit]]


class _Cells(NamedTuple):
    """Connected cells: their centres in pixels, and their direction as (cosine, sine) of the doubled angle times weight."""

    x: Values
    y: Values
    cosine: Values
    sine: Values
    weight: Values

    def among(self, chosen: npt.NDArray[np.bool_]) -> "_Cells":
        """Return the cells that are ``chosen``."""
        return _Cells(*(values[chosen] for values in self))

    def direction(self) -> tuple[float, float]:
        """Return the doubled angle that most point to, and how much they agree on it (0 to 1)."""
        cosine, sine = float(self.cosine.sum()), float(self.sine.sum())
        return math.atan2(sine, cosine), math.hypot(cosine, sine) / (float(self.weight.sum()) + 1e-6)


def _bars(cells: _Cells, cell_px: float, spread: int) -> tuple[float, Bars] | None:
    doubled, agreement = cells.direction()
    if agreement < 0.97:  # keep the cells that point the same way: two codes or a frame line may touch
        same = cells.cosine * math.cos(doubled) + cells.sine * math.sin(doubled) > 0.6 * cells.weight
        if int(same.sum()) < _MIN_BAR_CELLS:
            return None
        cells = cells.among(same)
        doubled, agreement = cells.direction()
    if agreement < 0.6:
        return None
    ux, uy = math.cos(doubled / 2), math.sin(doubled / 2)
    first, last = _span(cells.x * ux + cells.y * uy, 0.01)
    top, bottom = _span(cells.y * ux - cells.x * uy, 0.03)
    length = last - first + cell_px
    if length < _MIN_LENGTH_PX:
        return None
    height = max(bottom - top - 0.25 * spread * cell_px, 8.0)  # the blur reaches beyond the ends of the bars
    along, across = (first + last) / 2, (top + bottom) / 2
    bars = Bars(along * ux - across * uy, along * uy + across * ux, length, height, doubled / 2)
    return float(cells.weight.sum()) * agreement, bars


def _span(values: Values, share: float) -> tuple[float, float]:
    """Return where all but ``share`` of the values at either end lie."""
    ordered, last = np.sort(values), len(values) - 1
    return float(ordered[int(last * share + 0.5)]), float(ordered[int(last * (1 - share) + 0.5)])


def block_regions(tensor: Field, limit: int) -> list[Block]:
    """Return at most ``limit`` blocks that may be a QR or DataMatrix, the strongest first."""
    xx, yy, xy = (cv2.blur(plane, (3, 3)) for plane in tensor[:3])
    energy = xx + yy
    one_way = np.asarray(cv2.magnitude(xx - yy, xy + xy), np.float32)
    strong = energy > max(_FLOOR, _BLOCK_OF_MAX * float(energy.max()))
    mask = ((one_way < _SCATTERED * (energy + _NOISE)) & strong).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 4, cv2.CV_32S, cv2.CCL_WU)
    found = []
    for x, y, width, height, area in stats[1:].tolist():
        longer, shorter = max(width, height), min(width, height)
        if area < _MIN_BLOCK_CELLS or longer > 3 * shorter:
            continue
        weight = float(energy[y : y + height, x : x + width].sum()) * shorter / longer * area / (width * height)
        box = Block(x / tensor.across, y / tensor.down, width / tensor.across, height / tensor.down)
        found.append((weight, box))
    return [box for _, box in sorted(found, reverse=True)[:limit]]
