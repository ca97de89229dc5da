"""Labels of a store: shelf and delivery, in Chinese and English, for any size of paper. Pure: values in, a document out."""

from devices.label import LabelDocument
from devices.labelling import delivery, shelf
from devices.labelling.contents import WORDS, DeliveryContent, Language, ShelfContent, masked
from devices.labelling.delivery import DeliveryLayout
from devices.labelling.shelf import ShelfLayout, symbology_of

MIN_SHELF_MM, MIN_DELIVERY_MM = (40.0, 28.0), (60.0, 50.0)
"""Width and height of the smallest papers."""
SHELF_MM, DELIVERY_MM = shelf.USUAL_MM, delivery.USUAL_MM
"""Width and height of the usual papers."""

__all__ = [
    "DELIVERY_MM",
    "MIN_DELIVERY_MM",
    "MIN_SHELF_MM",
    "SHELF_MM",
    "WORDS",
    "DeliveryContent",
    "Language",
    "ShelfContent",
    "delivery_label",
    "masked",
    "shelf_label",
    "symbology_of",
]


def shelf_label(
    content: ShelfContent, size_mm: tuple[float, float] = SHELF_MM, language: Language = "zh"
) -> LabelDocument:
    """Return a shelf label.

    Raises:
        ValueError: the paper is smaller than ``MIN_SHELF_MM``.
    """
    width, height = _checked(size_mm, MIN_SHELF_MM)
    layout = ShelfLayout(content, width, height, WORDS[language], language)
    return LabelDocument(width, height, tuple(layout.elements()))


def delivery_label(
    content: DeliveryContent, size_mm: tuple[float, float] = DELIVERY_MM, language: Language = "zh"
) -> LabelDocument:
    """Return a parcel's label.

    Raises:
        ValueError: the paper is smaller than ``MIN_DELIVERY_MM``.
    """
    width, height = _checked(size_mm, MIN_DELIVERY_MM)
    layout = DeliveryLayout(content, width, height, WORDS[language])
    return LabelDocument(width, height, tuple(layout.elements()))


def _checked(size_mm: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    if size_mm[0] < least[0] or size_mm[1] < least[1]:
        raise ValueError(f"a label of {size_mm[0]:g} × {size_mm[1]:g} mm is below {least[0]:g} × {least[1]:g} mm")
    return size_mm
