"""Fields of a ZPL format on the label: pictures, shapes, codes and text."""

import re

from PIL import Image

from firmware_sim.label import zpl_codes, zpl_text
from firmware_sim.label.canvas import Canvas, box, diagonal, ellipse
from firmware_sim.label.model import LabelModel
from firmware_sim.label.zpl_field import Field

_NO_LOOKS = (
    "^MD ^MN ^MT ^MM ^PR ^PM ^PF ^PP ^JM ^JZ ^JU ^JS ^JT ^JB ^JI ^JJ ^JW ^KD ^KL ^KN ^KP ^LT ^MC ^MF ^ML ^MP ^MU "
    "^MW ^SC ^SD ~SD ^SE ^SF ^SI ^SL ^SN ^SO ^SP ^SQ ^SR ^SS ^ST ^SX ^SZ ^WD ^ZZ ~TA ~JC ~JL ~JD ~JE ~JF ~JG ~JI "
    "~JN ~JO ~JS ~JX ^ND ^NI ^NN ^NP ^NS ~NR ~NT ^CV ^CW ^FC ^FP ^FE ^FX ^HH ^HF ^HG ^HT ^HV ^HW ^HY ^HZ ^ID ^IS "
    "^EG ~EG ^FM ^TO ^CM ^CN ^CO ^CP ^DH ~DB ~DE ~DN ~DS ~DT ~DU ~HD ~HU ~HQ ~RO ~WC ~WQ ~WL ^RO ~PH ~PL ^CC ~CC "
    "^CT ~CT ^CD ~CD"
)
IGNORED = frozenset(_NO_LOOKS.split())
"""Known, and of no consequence for what a label looks like: speed, darkness, media, network, sensors, clock …"""


def number_of(text: str, otherwise: int) -> int:
    """Return the number that a parameter begins with."""
    match = re.match(r"\s*(-?[0-9]{1,8})", text)
    return int(match[1]) if match else otherwise


def draw(field: Field, data: bytes | None, canvas: Canvas, pen: zpl_text.Position, model: LabelModel) -> None:
    """Draw one field on the label."""
    if field.picture is not None:
        _put(field, canvas, field.picture)
    elif field.shape:
        _shape(field, canvas)
    elif field.code and data is not None:
        if (drawn := zpl_codes.draw(field, data)) is not None:
            canvas.codes.append(drawn.code)
            canvas.ink(drawn.ink, *field.corner(drawn.ink.width, drawn.drop), reverse=field.reverse)
    elif data is not None:
        zpl_text.write(field, data, canvas, pen, model)


def _put(field: Field, canvas: Canvas, ink: Image.Image, *, white: bool = False) -> None:
    canvas.ink(ink, *field.corner(ink.width, ink.height), white=white, reverse=field.reverse)


def _shape(field: Field, canvas: Canvas) -> None:
    given = [*field.parameters, "", "", "", "", ""]
    first, second = number_of(given[0], 1), number_of(given[1], 1)
    match field.shape:
        case "^GB":
            line, colour, rounding = number_of(given[2], 1), given[3], max(0, min(8, number_of(given[4], 0)))
            width, height = max(first, line), max(second, line)
            ink = box(width, height, max(1, line), round(min(width, height) / 2 * rounding / 8))
        case "^GC":
            line, colour = number_of(given[1], 1), given[2]
            ink = ellipse(first, first, line)
        case "^GE":
            line, colour = number_of(given[2], 1), given[3]
            ink = ellipse(first, second, line)
        case _:
            line, colour = number_of(given[2], 1), given[3]
            ink = diagonal(first, second, max(1, line), falling=given[4][:1].upper() in ("L", "\\"))
    _put(field, canvas, ink, white=colour.upper() == "W")
