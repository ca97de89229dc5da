"""What differs between printer models, as far as the wire shows it (reference §1.7, §1.9)."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class PrinterModel:
    """One model.

    Attributes:
        dots: printable width; 12 dots are one column of font A.
        paper_dots: width of the paper itself, for the picture.
        chinese: whether it has Chinese glyphs at all.
        chinese_on: double-byte mode at power-on and after ESC @.
        four_byte: whether 4-byte GB18030 characters are known; otherwise they print as two pairs of garbage.
        cutter: without one a cut command only ends the receipt when it is torn off.
        unsupported: commands that it does not know and prints as text, as clones do.
        answers: "mute" models never answer anything.
        maker, name: answers to GS I 66 and 67.
        buffer_bytes: receive buffer; when full, the host waits …
        drops: … or, without flow control, bytes are lost.
        xonxoff: tells a full buffer by XOFF and an empty one by XON, in the middle of its answers.
        lines_per_s: printing speed, None for as fast as can be.
        realtime: whether real-time commands are obeyed wherever they stand, in pictures too.
    """

    dots: int = 576
    paper_dots: int = 640
    chinese: bool = True
    chinese_on: bool = True
    four_byte: bool = False
    cutter: bool = True
    unsupported: frozenset[str] = frozenset()
    answers: bool = True
    maker: str = "SIMULATED"
    name: str = "SIM-80"
    buffer_bytes: int = 4096
    drops: bool = False
    xonxoff: bool = False
    lines_per_s: float | None = None
    realtime: bool = True


_CLONE = frozenset({"GS (H", "DLE DC4"})
_EPSON = PrinterModel(maker="EPSON", name="TM-T88", chinese_on=False, four_byte=True)

PROFILES: dict[str, PrinterModel] = {
    "epson-80": _EPSON,
    "latin-80": dataclasses.replace(_EPSON, chinese=False, name="TM-T88V"),
    "clone-80": PrinterModel(name="XP-80", unsupported=_CLONE),
    "clone-58": PrinterModel(dots=384, paper_dots=464, name="POS-58", cutter=False, unsupported=_CLONE),
    "mute-80": PrinterModel(name="XP-80", answers=False, unsupported=_CLONE),
    "mute-58": PrinterModel(dots=384, paper_dots=464, name="POS-58", cutter=False, answers=False),
    "garbage-80": PrinterModel(name="XP-80", unsupported=_CLONE, drops=True, buffer_bytes=1024, lines_per_s=20),
    "garbage-58": PrinterModel(
        dots=384,
        paper_dots=464,
        name="POS-58",
        cutter=False,
        unsupported=_CLONE,
        drops=True,
        buffer_bytes=512,
        lines_per_s=20,
    ),
    "serial-80": dataclasses.replace(_EPSON, xonxoff=True, buffer_bytes=1024),
}
# The bench's words for every device, on wide paper.
PROFILES |= {
    "normal": PROFILES["epson-80"],
    "mute": PROFILES["mute-80"],
    "clone": PROFILES["clone-80"],
    "garbage": PROFILES["garbage-80"],
}
