"""Our reader: one picture, or a camera's frames one after the other, into readings.

Importing this loads numpy and OpenCV; see ``picture.vision_module`` for how their absence is told.
"""

import cv2
import numpy as np
import numpy.typing as npt

from devices.errors import PictureRefused
from devices.vision.codes import Reading, chosen
from devices.vision.decoders import cascade, zxing

Grey = npt.NDArray[np.uint8]
"""A picture: (height, width) uint8, row-major, 0 = black."""

# One frame, one thread: a camera's reader must not take the cores of the till beside it.
cv2.setNumThreads(1)


class FrameReader:
    """Reads the frames of one camera in their order; keeps what it must remember between them.

    Not for two threads at once: each camera has its own.
    """

    def feed(self, frame: Grey) -> list[Reading]:
        """Return the codes seen in ``frame``, each text once, with their votes (see ``Reading.votes``).

        Raises:
            PictureRefused: no grey picture of uint8, or over the limit of pixels.
            DeviceUnavailable: no decoder is installed.
        """
        return chosen(zxing(checked(frame), thorough=False))


def read_picture(image: Grey, *, fast: bool = False) -> list[Reading]:
    """Return the codes of one still picture, each text once; ``fast`` is the work for one live frame.

    Raises:
        PictureRefused: no grey picture of uint8, or over the limit of pixels.
        DeviceUnavailable: no decoder is installed.
    """
    image = checked(image)
    return chosen(zxing(image, thorough=False) if fast else cascade(image))


def checked(image: Grey) -> Grey:
    """Return ``image`` ready for C code: contiguous.

    Raises:
        PictureRefused: not (height, width) of uint8, empty, or over the limit of pixels.
    """
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0:
        raise PictureRefused(
            f"a frame is (height, width) of uint8, not {image.shape} of {image.dtype}: make it grey first"
        )
    return np.ascontiguousarray(image)
