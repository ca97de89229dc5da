"""Letters of 5 × 7 dots: no font file, the same pixels with every OpenCV."""

import numpy as np
import numpy.typing as npt

Light = npt.NDArray[np.float32]
"""(height, width) float32: reflectance or light, 0 to 1."""

_ROWS = {
    "0": "0e 11 13 15 19 11 0e", "1": "04 0c 04 04 04 04 0e", "2": "0e 11 01 02 04 08 1f", "3": "1f 02 04 02 01 11 0e",
    "4": "02 06 0a 12 1f 02 02", "5": "1f 10 1e 01 01 11 0e", "6": "06 08 10 1e 11 11 0e", "7": "1f 01 02 04 08 08 08",
    "8": "0e 11 11 0e 11 11 0e", "9": "0e 11 11 0f 01 02 0c", "A": "0e 11 11 1f 11 11 11", "B": "1e 11 11 1e 11 11 1e",
    "E": "1f 10 10 1e 10 10 1f", "H": "11 11 11 1f 11 11 11", "K": "11 12 14 18 14 12 11", "L": "10 10 10 10 10 10 1f",
    "M": "11 1b 15 15 11 11 11", "N": "11 11 19 15 13 11 11", "O": "0e 11 11 11 11 11 0e", "R": "1e 11 11 1e 14 12 11",
    "T": "1f 04 04 04 04 04 04", "i": "04 00 0c 04 04 04 0e", "l": "0c 04 04 04 04 04 0e", "n": "00 00 16 19 11 11 11",
    " ": "00 00 00 00 00 00 00",
}  # fmt: skip
DOTS = {letter: [int(row, 16) for row in rows.split()] for letter, rows in _ROWS.items()}
LETTERS = list(DOTS)


def write(image: Light, text: str, x: float, y: float, dot_px: float, value: float) -> None:
    """Draw ``text`` with its lower left corner at (x, y); letters that have no dots are left out."""
    for index, letter in enumerate(text):
        for row, bits in enumerate(DOTS.get(letter, ())):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    left, top = x + (index * 6 + column) * dot_px, y - (7 - row) * dot_px
                    across = slice(max(0, round(left)), max(0, round(left + dot_px)))
                    down = slice(max(0, round(top)), max(0, round(top + dot_px)))
                    image[down, across] = value
