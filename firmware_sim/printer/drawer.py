"""The cash drawer at the printer's connector: a coil, a switch on pin 3, and a hand that pushes it shut."""

import dataclasses


@dataclasses.dataclass
class Drawer:
    """One drawer.

    Attributes:
        present: without one the pin is high (reference §1.3: what an Epson with no drawer answers).
        open: how it stands.
        open_high: which level of pin 3 means open; it depends on the drawer.
        stuck: it does not open however often it gets a pulse.
        pin: the connector's pin that its coil hangs on, 2 or 5.
    """

    present: bool = True
    open: bool = False
    open_high: bool = True
    stuck: bool = False
    pin: int = 2

    @property
    def pin_high(self) -> bool:
        """The level of the switch's pin."""
        return self.open is self.open_high if self.present else True

    def pulse(self, pin: int) -> None:
        """Take a pulse on a pin of the connector."""
        if self.present and pin == self.pin and not self.stuck:
            self.open = True

    def hand(self, word: str) -> None:
        """Do as a person does: ``open`` (with the key), ``close``, ``stick``, ``free``, ``unplug`` or ``plug``.

        Raises:
            ValueError: none of these.
        """
        match word:
            case "open" | "close":
                self.open = word == "open"
            case "stick" | "free":
                self.stuck = word == "stick"
            case "unplug" | "plug":
                self.present = word == "plug"
            case _:
                raise ValueError(f"drawer {word!r} is none of open, close, stick, free, unplug, plug")
