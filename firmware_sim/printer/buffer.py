"""The receive buffer: what a printer does about bytes that come faster than it prints."""

from collections.abc import Callable

from firmware_sim.printer.lines import hold
from firmware_sim.printer.model import PrinterModel
from firmware_sim.printer.parser import Parser
from firmware_sim.wire import Wire

_XON, _XOFF = b"\x11", b"\x13"


class ReceiveBuffer:
    """Stops the host when it is full, or loses what is too much, as the model does.

    Attributes:
        dropped_bytes: what a model without flow control has lost.
    """

    def __init__(self, model: PrinterModel, parser: Parser, wire: Wire, say: Callable[[bytes], None]) -> None:
        """``say`` sends bytes to the host: XON and XOFF, where the model speaks them."""
        self._model, self._parser, self._wire, self._say = model, parser, wire, say
        self.dropped_bytes = 0
        self._held = False

    def __len__(self) -> int:
        """Bytes received and not yet printed."""
        return len(self._parser)

    def take(self, data: bytes) -> None:
        """Take what there is room for; a model with flow control takes all that is on its way."""
        taken = data[: max(0, self._model.buffer_bytes - len(self))] if self._model.drops else data
        self.dropped_bytes += len(data) - len(taken)
        self._parser.feed(taken)

    def stop_if_full(self) -> None:
        """Stop the host, once."""
        if self._held or self._model.drops or len(self) < self._model.buffer_bytes:
            return
        self._held = True
        hold(self._wire, held=True)
        if self._model.xonxoff:
            self._say(_XOFF)

    def let_go_if_room(self) -> None:
        """Let the host go on, unless it is still full."""
        if len(self) < self._model.buffer_bytes:
            self.let_go()

    def let_go(self) -> None:
        """Let a host go on that was stopped."""
        if not self._held:
            return
        self._held = False
        hold(self._wire, held=False)
        if self._model.xonxoff:
            self._say(_XON)
