"""How the simulated printer is, and the status bytes that say so (§1.3, §1.4)."""

import dataclasses


@dataclasses.dataclass
class Condition:
    """Sensors and errors; change them and ask for the bytes."""

    paper_end: bool = False
    near_end: bool = False
    cover_open: bool = False
    cutter_error: bool = False
    unrecoverable: bool = False
    overheated: bool = False
    drawer_pin_high: bool = False

    @property
    def recoverable(self) -> bool:
        """An error that ends by itself."""
        return self.overheated

    @property
    def error(self) -> bool:
        """Any error; paper end and an open cover are not errors."""
        return self.cutter_error or self.unrecoverable or self.recoverable

    @property
    def offline(self) -> bool:
        """Whether printing has stopped."""
        return self.paper_end or self.cover_open or self.error

    def real_time(self, number: int) -> int | None:
        """Return the answer to DLE EOT ``number``, None if the printer does not know it."""
        bits = {
            1: (self.drawer_pin_high << 2) | (self.offline << 3),
            2: (self.cover_open << 2) | (self.paper_end << 5) | (self.error << 6),
            3: (self.cutter_error << 3) | (self.unrecoverable << 5) | (self.recoverable << 6),
            4: (0x0C * self.near_end) | (0x60 * self.paper_end),
        }.get(number)
        return None if bits is None else 0x12 | bits

    def automatic(self) -> bytes:
        """Return the four bytes of an automatic status message."""
        return bytes(
            [
                0x10 | (self.drawer_pin_high << 2) | (self.offline << 3) | (self.cover_open << 5),
                (self.cutter_error << 3) | (self.unrecoverable << 5) | (self.recoverable << 6),
                (0x03 * self.near_end) | (0x0C * self.paper_end),
                0,
            ]
        )

    def paper_byte(self) -> int:
        """Return the answer to GS r 1."""
        return (0x03 * self.near_end) | (0x0C * self.paper_end)

    def watched(self, mask: int) -> tuple[object, ...]:
        """Return the items whose change sends an automatic status message under GS a ``mask``."""
        drawer, line, errors, paper = mask & 1, mask & 2, mask & 4, mask & 8
        return (
            self.drawer_pin_high if drawer else None,
            (self.offline, self.cover_open) if line else None,
            (self.cutter_error, self.unrecoverable, self.recoverable) if errors else None,
            (self.near_end, self.paper_end) if paper else None,
        )
