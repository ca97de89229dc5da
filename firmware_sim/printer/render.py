"""Any ESC/POS bytes as paper: text, one picture of the whole roll, and what the bytes did besides."""

from typing import NamedTuple

from firmware_sim.printer.condition import Condition
from firmware_sim.printer.engine import Engine
from firmware_sim.printer.fonts import find_font
from firmware_sim.printer.model import PROFILES, PrinterModel
from firmware_sim.printer.paper import Paper, Receipt
from firmware_sim.printer.realtime import RealTimeScanner


class Rendered(NamedTuple):
    """What came of some bytes.

    Attributes:
        receipts: what was cut off, and last what was not.
        png: the whole roll, cuts as dashed lines; None when no picture was asked for.
        cuts: movements of the cutter.
        drawer_pulses: connector pins that got a pulse, in order, real-time ones included.
        answers: what the printer would have said.
        unknown: bytes that began no command; real-time requests are none.
        left_over: bytes at the end that are half a command.
    """

    receipts: list[Receipt]
    png: bytes | None
    cuts: int
    drawer_pulses: list[int]
    answers: bytes
    unknown: list[bytes]
    left_over: int

    @property
    def text(self) -> str:
        """All receipts as text, cuts as a line of dashes."""
        return "\n- - - - - - - - - - - -\n".join(receipt.text for receipt in self.receipts)


def render(data: bytes, model: str | PrinterModel = "epson-80", *, draw: bool = True) -> Rendered:
    """Print ``data`` on a printer of ``model`` that is healthy and patient.

    Raises:
        FontMissing: a picture is wanted and no font with Chinese glyphs is installed.
    """
    if draw:
        find_font()
    chosen = PROFILES[model] if isinstance(model, str) else model
    condition, said = Condition(), bytearray()
    paper = Paper(chosen.dots, chosen.paper_dots, draw=draw, keep_roll=draw)
    engine = Engine(chosen, paper, condition, said.extend)
    for request in RealTimeScanner().feed(data):
        if request.kind == "DC4" and request.args[0] == 1 and "DLE DC4" not in chosen.unsupported:
            engine.pulse(5 if request.args[1] == 1 else 2)
        elif request.kind == "EOT" and (status := condition.real_time(request.args[0])) is not None:
            said.append(status)
    engine.parser.feed(data)
    while (command := engine.parser.next()) is not None:
        engine.execute(command)
    left_over = len(engine.parser)
    engine.finish()
    return Rendered(
        list(paper.receipts),
        paper.roll() if draw else None,
        engine.cuts,
        engine.drawer_pulses,
        bytes(said) if chosen.answers else b"",
        engine.unknown,
        left_over,
    )
