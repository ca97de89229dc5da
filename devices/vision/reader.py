"""Our reader: one picture, or a camera's frames one after the other, into readings.

Importing this loads numpy and OpenCV; see ``picture.vision_module`` for how their absence is told.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision.codes import SHORT, Reading, chosen, retail
from devices.vision.decoders import across, squares, whole, zbar
from devices.vision.ladder import AGREE, Effort, read_bars, read_block
from devices.vision.locator import CELL_PX, SIDE_PX, Grey, bar_regions, block_regions, field
from devices.vision.picture import MAX_PIXELS
from devices.vision.voter import alike

# One frame, one thread: a camera's reader must not take the cores of the till beside it.
cv2.setNumThreads(1)

WHOLE_AFTER_EMPTY = 3
LOOK_AROUND_EVERY = 3
_EAN_UPC = ("EAN13", "EAN8", "UPCA", "UPCE")
SEVERAL_SIDE_PX = 960
FINE_SIDE_PX = 1280  # finds bars of less than 1.5 pixels a module and thin codes; takes four times as long
WHOLE_SIDE_PX = 1920  # more pixels read no more codes in the whole-frame pass, and its time has to have an end


class _Look(NamedTuple):
    """How much is done to find the regions of a picture and to read them."""

    bars: int = 5
    blocks: int = 3
    side_px: int = SIDE_PX
    every_kind: bool = False  # else blocks are looked at only when no bars were read
    effort: Effort = Effort.FRAME


_ONE = _Look()
_STILL = _Look(effort=Effort.STILL)
_STILL_FINE = _STILL._replace(side_px=FINE_SIDE_PX)
# Codes side by side grow together at 640 px: 98.0 % of all codes of frames with three to six, at 960 px 99.8 %.
_SEVERAL = _Look(bars=8, blocks=5, side_px=SEVERAL_SIDE_PX, every_kind=True)
_THOROUGH = _Look(bars=8, blocks=5, every_kind=True, effort=Effort.THOROUGH)
_FINE = _THOROUGH._replace(side_px=FINE_SIDE_PX)


class FrameReader:
    """Reads the frames of one camera in their order; keeps what it must remember between them.

    Not for two threads at once: each camera has its own.

    Args:
        several: look for every code in each frame. Otherwise in the second of a row of frames that give something and in every
            third after it; in the others for 2D codes only where no bars were read, which takes half of the time.
    """

    def __init__(self, *, several: bool = False) -> None:
        self._several = several
        self._hits = 0  # frames in a row that gave something
        self._empty = self._regions = 0  # frames that gave nothing, counted round, and the regions in them

    def feed(self, frame: Grey) -> list[Reading]:
        """Return the retail codes seen in ``frame``, each text once, with their votes (see ``Reading.votes``).

        Raises:
            PictureRefused: no grey picture of uint8, or over the limit of pixels.
            DeviceUnavailable: no decoder is installed.
        """
        frame = checked(frame)
        look = _SEVERAL if self._several or self._hits % LOOK_AROUND_EVERY == 1 else _ONE
        regions, found = _regions(frame, look)
        found = [reading for reading in found if retail(reading)]
        self._regions = regions + (self._regions if self._empty else 0)
        if not found and self._regions:
            found = [reading for reading in _elsewhere(frame, self._empty) if retail(reading)]
        self._empty = 0 if found else (self._empty + 1) % WHOLE_AFTER_EMPTY
        self._hits = self._hits + 1 if found else 0
        return chosen(found)


def _elsewhere(frame: Grey, empty: int) -> list[Reading]:
    """Return what the whole of a frame shows that regions do not, one kind after so many ``empty`` ones."""
    match empty:
        case 1:
            return squares(_reduced(frame))  # in blur a QR code may show no block
        case 2:
            return across(_reduced(frame))  # DataBar, and codes that fill the frame
        case _:
            return []


def read_picture(image: Grey, *, fast: bool = False, only_retail: bool = True) -> list[Reading]:
    """Return the codes of one still picture, each text once.

    Args:
        image: the picture.
        fast: about the work for a live frame, three times as much where nothing is read; else all that may help.
        only_retail: leave out texts that a shop cannot mean, see ``codes.retail``.

    Raises:
        PictureRefused: no grey picture of uint8, or over the limit of pixels.
        DeviceUnavailable: no decoder is installed.
    """
    image = checked(image)
    found = _quick(image) if fast else _thorough(image)
    return chosen([reading for reading in found if retail(reading) or not only_retail])


def checked(image: Grey) -> Grey:
    """Return ``image`` as C code wants it: contiguous.

    Raises:
        PictureRefused: not (height, width) of uint8, empty, or over the limit of pixels.
    """
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0:
        raise PictureRefused(
            f"a frame is (height, width) of uint8, not {image.shape} of {image.dtype}: make it grey first"
        )
    if image.size > MAX_PIXELS:
        raise PictureRefused(f"frame of {image.size} pixels is over the limit of {MAX_PIXELS}: send a smaller one")
    return np.ascontiguousarray(image)


def _regions(image: Grey, look: _Look) -> tuple[int, list[Reading]]:
    """Return how many regions looked like a code, and what was read in them."""
    if min(image.shape) < CELL_PX:
        return 1, []  # too thin to be looked at in cells; the whole-frame pass still may
    tensor = field(image, look.side_px)
    bars = bar_regions(tensor, look.bars)
    found = [reading for one in bars if (reading := read_bars(image, one, look.effort)) is not None]
    if found and not look.every_kind:
        return len(bars), found
    blocks = block_regions(tensor, look.blocks)
    for block in blocks:
        found += read_block(image, block, look.effort)
    return len(bars) + len(blocks), found


def _quick(image: Grey) -> list[Reading]:
    """Return sure readings of regions, else those of the whole picture, else sure ones at twice the detail.

    A single reading of an EAN or UPC that nothing seconds is none.
    """
    found: list[Reading] = []
    for readings in _quick_passes(image):
        found += readings
        if sure := [reading for reading in found if reading.votes >= AGREE]:
            return sure
    return [reading for reading in found if reading.family not in _EAN_UPC]


def _quick_passes(image: Grey) -> Iterator[list[Reading]]:
    yield _regions(image, _STILL)[1]
    yield _whole(_reduced(image))
    if max(image.shape) > SIDE_PX:
        yield _regions(image, _STILL_FINE)[1]


def _thorough(image: Grey) -> list[Reading]:
    """Return the readings of the first pass that is to be believed.

    Sure readings are; a single one only if another pass has it too, and so is a short code, easily "found" in a damaged
    long one.
    """
    seen: list[tuple[str, Reading]] = []
    last: list[Reading] = []
    for way, last in _passes(image):
        if believed := [reading for reading in last if reading.votes >= AGREE or _seconded(reading, way, seen)]:
            return believed
        seen += [(way, reading) for reading in last]
    # Alone, the last pass is right on the study's pictures; with a rival to its text it mostly is not.
    alone = len(seen) == len(last) == 1 and last[0].decoder == "pyzbar" and last[0].family not in SHORT
    return last if alone else []


def _seconded(reading: Reading, way: str, seen: list[tuple[str, Reading]]) -> bool:
    """Return whether a pass of another way gave ``reading`` too, and none gave what it may be misread from."""
    again = any(other.text == reading.text and another != way for another, other in seen)
    return again and not any(other.text != reading.text and alike(other.text, reading.text) for _, other in seen)


def _passes(image: Grey) -> Iterator[tuple[str, list[Reading]]]:
    """Yield what each pass gave, and its way: two decoders on the whole picture misread a distorted code alike."""
    small = _reduced(image)
    yield "regions", _regions(image, _THOROUGH)[1]
    yield "whole", _whole(small)
    if max(image.shape) > SIDE_PX:
        yield "fine", _regions(image, _FINE)[1]
    yield "whole", _whole(small, thorough=True)
    try:
        yield "whole", zbar(small)
    except DeviceUnavailable:
        return  # the second opinion is optional


def _whole(image: Grey, *, thorough: bool = False) -> list[Reading]:
    """Return what the whole picture gives; an EAN or UPC, which one digit alone proves, is sure if half of the rows give it too."""
    readings = whole(image, thorough=thorough)
    doubtful = any(reading.family in _EAN_UPC for reading in readings)
    again = _in_half_of_the_rows(image, turned=thorough) if doubtful else set[str]()
    return [r if r.family in _EAN_UPC and r.text not in again else r._replace(votes=AGREE) for r in readings]


def _in_half_of_the_rows(image: Grey, *, turned: bool) -> set[str]:
    sides = (image, image.T) if turned else (image,)
    return {reading.text for side in sides for reading in across(side)}


def _reduced(image: Grey) -> Grey:
    scale = WHOLE_SIDE_PX / max(image.shape)
    if scale >= 1:
        return image
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
