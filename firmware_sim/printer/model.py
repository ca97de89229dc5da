"""What differs between printer models, as far as the wire shows it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class PrinterModel:
    """One model.

    Attributes:
        dots: printable width; 12 dots are one column of font A.
        paper_dots: width of the paper itself, for the picture.
        chinese_on: double-byte mode at power-on and after ESC @.
        four_byte: whether 4-byte GB18030 characters are known; otherwise they print as two pairs of garbage.
        cutter: without one a cut command only ends the receipt.
        unsupported: commands that it does not know and prints as text, as clones do.
        answers: "mute" models never answer anything.
        maker, name: answers to GS I 66 and 67.
        buffer_bytes: receive buffer; when full, the host waits.
    """

    dots: int = 576
    paper_dots: int = 640
    chinese_on: bool = True
    four_byte: bool = False
    cutter: bool = True
    unsupported: frozenset[str] = frozenset()
    answers: bool = True
    maker: str = "SIMULATED"
    name: str = "SIM-80"
    buffer_bytes: int = 4096


PROFILES = {
    "epson-80": PrinterModel(maker="EPSON", name="TM-T88", chinese_on=False, four_byte=True),
    "clone-80": PrinterModel(name="XP-80", unsupported=frozenset({"GS (H", "DLE DC4"})),
    "clone-58": PrinterModel(
        dots=384, paper_dots=464, name="POS-58", cutter=False, unsupported=frozenset({"GS (H", "DLE DC4"})
    ),
    "mute-58": PrinterModel(dots=384, paper_dots=464, name="POS-58", cutter=False, answers=False),
}
