"""Labels, the faces of packages that they are stuck on, and what is behind: reflectance, nothing of a camera yet."""

import cv2
import numpy as np
import zint

from benchmarks.rig.lettering import LETTERS, Light, write
from benchmarks.rig.symbols import MATRIX, Rng, Symbol

_QUIET = {"EAN13": 11, "UPCA": 9, "EAN8": 7, "UPCE": 9, "QR": 4, "DM": 2}  # modules left and right
_RETAIL = ("EAN13", "UPCA", "EAN8", "UPCE")
_CARTON = ("C128", "GS1128", "ITF14")


def label(rng: Rng, symbol: Symbol, module_px: int) -> Light:
    """Return the label of ``symbol`` with quiet zone and human-readable line, ``module_px`` pixels a module."""
    bars = _bars(symbol)
    left, top = min(bar[0] for bar in bars), min(bar[1] for bar in bars)
    width = (max(bar[0] + bar[2] for bar in bars) - left) / 2  # zint draws two units a module
    height = (max(bar[1] + bar[3] for bar in bars) - top) / 2
    stretch = _stretch(rng, symbol.kind, height)
    quiet = _QUIET.get(symbol.kind, 10)
    rows = int((height * stretch + 2 * 4 + (9 if symbol.human else 2)) * module_px)
    paper, ink = rng.uniform(0.72, 0.95), rng.uniform(0.03, 0.16)
    image = np.full((rows, int((width + 2 * quiet) * module_px)), paper, np.float32)
    spread = rng.uniform(-0.08, 0.12)  # of the ink, in modules
    gain = 0.0 if symbol.kind in MATRIX else spread / 2
    for x, y, across, down in bars:
        first = round(((x - left) / 2 + quiet - gain) * module_px)
        last = round(((x - left + across) / 2 + quiet + gain) * module_px)
        upper = round(((y - top) / 2 * stretch + 4) * module_px)
        lower = round(((y - top + down) / 2 * stretch + 4) * module_px)
        image[upper:lower, first:last] = ink
    human = symbol.human[:26]
    if human:
        dot = module_px * min(1.0, width / (len(human) * 6.0))
        write(image, human, quiet * module_px, rows - 1.5 * module_px, dot, ink)
    return image


def _bars(symbol: Symbol) -> list[tuple[float, float, float, float]]:
    drawing = zint.Symbol()
    drawing.symbology = symbol.symbology
    if symbol.gs1:
        drawing.input_mode = zint.InputMode.GS1
    drawing.show_text = False
    if symbol.kind == "QR":
        drawing.option_1 = 2
    if symbol.kind == "DM":
        drawing.option_3 = zint.DataMatrixOptions.SQUARE
    drawing.encode(symbol.data)
    drawing.buffer_vector()
    assert drawing.vector is not None
    return [(bar.x, bar.y, bar.width, bar.height) for bar in drawing.vector.rectangles]


def _stretch(rng: Rng, kind: str, height: float) -> float:
    if kind in _RETAIL:
        return rng.uniform(25, 69) / height  # truncated to full height
    return rng.uniform(25, 50) / height if kind in _CARTON else 1.0


def package(rng: Rng, sticker: Light, module_px: int) -> Light:
    """Return ``sticker`` on a printed package with lines of text and blocks around it."""
    height, width = sticker.shape
    margin_y = int(rng.uniform(0.25, 0.8) * height) + 2 * module_px
    margin_x = int(rng.uniform(0.12, 0.5) * width) + 2 * module_px
    base = rng.uniform(0.15, 0.9)
    face = np.full((height + 2 * margin_y, width + 2 * margin_x), base, np.float32)
    for _ in range(int(rng.integers(3, 14))):
        y, x = int(rng.integers(0, face.shape[0])), int(rng.integers(-width // 4, face.shape[1]))
        text = "".join(rng.choice(LETTERS, int(rng.integers(6, 40))))
        dot = module_px * rng.uniform(0.35, 1.4)
        write(face, text, x, y, dot, float(np.clip(base + rng.choice([-0.6, 0.6]), 0.05, 0.95)))
    for _ in range(int(rng.integers(0, 3))):
        x, y = int(rng.integers(0, face.shape[1])), int(rng.integers(0, face.shape[0]))
        corner = x + int(rng.integers(5, width // 2 + 6)), y + int(rng.integers(5, height // 2 + 6))
        cv2.rectangle(face, (x, y), corner, float(rng.uniform(0.05, 0.95)), -1)
    face[margin_y : margin_y + height, margin_x : margin_x + width] = sticker
    return face


def background(rng: Rng, width: int, height: int) -> Light:
    """Return a shop behind the goods: patches, text, and on three of ten a grille, whose stripes are no code."""
    coarse = rng.uniform(0.1, 0.8, (max(2, height // 160), max(2, width // 160))).astype(np.float32)
    image = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    for _ in range(int(rng.integers(6, 26))):
        x, y = int(rng.integers(-50, width)), int(rng.integers(-50, height))
        if rng.random() < 0.5:
            corner = x + int(rng.integers(10, width // 3)), y + int(rng.integers(8, height // 3))
            cv2.rectangle(image, (x, y), corner, float(rng.uniform(0.05, 0.95)), -1)
        else:
            text = "".join(rng.choice(LETTERS, int(rng.integers(3, 22))))
            write(image, text, x, y, rng.uniform(1, 9), float(rng.uniform(0.05, 0.95)))
    if rng.random() < 0.3:
        _grille(rng, image)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 3)), np.float32).clip(0, 1)


def _grille(rng: Rng, image: Light) -> None:
    height, width = image.shape
    pitch, x, y = int(rng.integers(6, 24)), int(rng.integers(0, width // 2)), int(rng.integers(0, height // 2))
    for bar in range(int(rng.integers(8, 30))):
        end = x + bar * pitch + int(rng.integers(-6, 6)), y + height // 3
        value, thick = float(rng.uniform(0.1, 0.9)), int(rng.integers(1, max(2, pitch // 2)))
        cv2.line(image, (x + bar * pitch, y), end, value, thick)
