"""Carries out commands: hands them to what sets lines and draws symbols; cuts, drawer pulses, and the queries that wait their turn."""

import contextlib
from collections.abc import Callable

from qrcode.exceptions import DataOverflowError

from firmware_sim.printer.answers import answer
from firmware_sim.printer.condition import Condition
from firmware_sim.printer.model import PrinterModel
from firmware_sim.printer.modes import STYLE_COMMANDS
from firmware_sim.printer.paper import Paper
from firmware_sim.printer.parser import UNKNOWN, Command, Parser
from firmware_sim.printer.pictures import PICTURE_COMMANDS, Pictures
from firmware_sim.printer.typesetter import SETTING_COMMANDS, Typesetter

_KEPT_UNKNOWN = 1000


class Engine:
    """One printer's mechanism. ``reply`` sends bytes to the host, if one listens."""

    def __init__(
        self,
        model: PrinterModel,
        paper: Paper,
        condition: Condition,
        reply: Callable[[bytes], None],
        pulsed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Set up; ``pulsed`` is told the connector pin of every pulse."""
        self._model, self._paper, self._condition, self._reply, self._pulsed = model, paper, condition, reply, pulsed
        self.parser = Parser(double_byte=model.chinese and model.chinese_on, unsupported=model.unsupported)
        self._typesetter = Typesetter(model, paper, self.parser)
        self._pictures = Pictures(self._typesetter)
        self.asb_mask = 0
        self.pulse_enabled = True
        self.drawer_pulses: list[int] = []
        self.unknown: list[bytes] = []
        self.cuts = 0
        self._selected = True

    @property
    def lines_printed(self) -> int:
        """Lines printed since power-on."""
        return self._typesetter.lines_printed

    def _reset(self) -> None:
        self._typesetter.reset()
        self._pictures.reset()
        self.asb_mask = 0  # automatic status lasts until ESC @ on Epson's printers, and a host has to live with that

    def execute(self, command: Command) -> int:
        """Carry out one command and return how many lines of paper it printed."""
        before = self.lines_printed
        if command.name == UNKNOWN:
            if len(self.unknown) < _KEPT_UNKNOWN:
                self.unknown.append(command.raw)
        elif command.name == "ESC =":
            self._selected = bool(command.args[0] & 1)
        elif self._selected:
            self._carry_out(command)
        return self.lines_printed - before

    def _carry_out(self, command: Command) -> None:
        # A printer ignores parameters that make no sense.
        with contextlib.suppress(IndexError, ValueError, DataOverflowError):
            self._obey(command)

    def _obey(self, command: Command) -> None:
        name, args = command.name, command.args
        if name in STYLE_COMMANDS:
            STYLE_COMMANDS[name](self._typesetter.style, args)
        elif name in SETTING_COMMANDS:
            SETTING_COMMANDS[name](self._typesetter, args)
        elif name in PICTURE_COMMANDS:
            PICTURE_COMMANDS[name](self._pictures, args)
        elif name in _MACHINE_COMMANDS:
            _MACHINE_COMMANDS[name](self, args)
        elif (reply := answer(command, self._model, self._condition)) is not None:
            self._reply(reply)

    def forget(self) -> None:
        """Throw away what waits to be printed, the line that is being set included."""
        self.parser.clear()
        self._typesetter.forget()

    def power_off(self) -> None:
        """Lose everything but the paper and what is stored."""
        self.forget()
        self._reset()

    def finish(self) -> None:
        """End the paper as switching off does: what stands on it becomes the last receipt."""
        self._typesetter.end_line()
        self._paper.cut()

    def pulse(self, pin: int) -> None:
        """Send the drawer a pulse on connector pin 2 or 5."""
        self.drawer_pulses.append(pin)
        self._pulsed(pin)

    def _cut(self, _: bytes) -> None:
        self._typesetter.end_line()
        self.cuts += self._model.cutter
        self._paper.cut()

    def _automatic_status(self, args: bytes) -> None:
        self.asb_mask = args[0]
        if self.asb_mask:
            self._reply(self._condition.automatic())

    def _real_time_switch(self, args: bytes) -> None:
        for function, enabled in zip(args[4::2], args[5::2], strict=False):
            if function in (1, 49):
                self.pulse_enabled = enabled in (1, 49)

    def _drawer(self, args: bytes) -> None:
        self.pulse(5 if args[0] in (1, 49) else 2)


# Commands that are parsed and change nothing that paper shows (buzzer, sensors, density …) have no handler.
_MACHINE_COMMANDS: dict[str, Callable[[Engine, bytes], None]] = {
    "ESC @": lambda engine, _: engine._reset(),
    "ESC p": Engine._drawer,
    "ESC i": Engine._cut,
    "ESC m": Engine._cut,
    "GS V": Engine._cut,
    "GS (D": Engine._real_time_switch,
    "GS a": Engine._automatic_status,
}
