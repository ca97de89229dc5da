"""What the two printer languages have in common, as the press sees them."""

from typing import Protocol

from devices.label import LabelDocument
from devices.ports.label import LabelStatus


class Decoder(Protocol):
    """Turns what a printer says into its states."""

    def feed(self, data: bytes) -> list[LabelStatus]:
        """Return the states completed by ``data``, oldest first."""


class Language(Protocol):
    """One printer language, for one model.

    Attributes:
        question: what asks for the state; empty for a model that never answers.
        counts: whether the state tells how many labels are still to come.
        counts_current: whether the label under the head is among them.
        settle_s: idle for so long means that the last label is out.
    """

    question: bytes
    counts: bool
    counts_current: bool
    settle_s: float

    def encode(self, document: LabelDocument, copies: int) -> bytes:
        """Return the bytes that print ``copies`` of ``document``.

        Raises:
            ValueError: it cannot be printed on this model.
            DeviceMisconfigured: there is no font to draw it with.
        """

    def resync(self, unsaid: int) -> bytes:
        """Return what ends a label of which the printer may have got only a part, at most ``unsaid`` bytes of it missing."""

    def decoder(self) -> Decoder:
        """Return a fresh decoder, for one connection."""


def check_width(document: LabelDocument, width_mm: float) -> None:
    """Refuse a label that is wider than the printer.

    Raises:
        ValueError: it is.
    """
    if document.width_mm > width_mm:
        raise ValueError(f"a label {document.width_mm:g} mm wide is over the {width_mm:g} mm of this printer")
