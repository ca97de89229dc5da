"""Pictures with the texts that are in them: the shared set, as its ``truth.csv`` tells."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.rig.camera import Frame

_ERRATA = {
    # No reader had read it before. Byte mode has a count and Reed-Solomon: one letter more can be no misreading.
    "zxing_qrcode-2_13.jpg": "The 2005 USGS aerial photography of the Washington Monument is censored."
}
_SEEN_BESIDES = {
    "zxing_ean13-2_28.jpg": "9784872348880"
}  # whole, with its digits below it, above the code that is named


class Picture(NamedTuple):
    """A picture, the texts to be read (none: nothing may be), and texts that may be read besides."""

    name: str
    frame: Frame
    truth: frozenset[str]
    besides: frozenset[str]


def corpora() -> Path:
    """Return the folder of the shared test sets: ``SHOPWIRE_CORPORA``, or beside the checkout."""
    return Path(os.environ.get("SHOPWIRE_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))


def pictures(folder: Path) -> Iterator[Picture]:
    """Yield the pictures of a folder that has a ``truth.csv``."""
    truth: dict[str, set[str]] = {}
    besides: dict[str, set[str]] = {}
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            of = besides if row["group"].endswith("#extra") else truth
            texts = of.setdefault(row["file"], set())
            if row["text"]:
                texts.add(_ERRATA.get(row["file"], row["text"]))
    for name, text in _SEEN_BESIDES.items():
        besides.setdefault(name, set()).add(text)
    for name, texts in truth.items():
        image = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        assert image is not None, f"{name} is in truth.csv and no picture"
        yield Picture(name, np.asarray(image, np.uint8), frozenset(texts), frozenset(besides.get(name, ())))
