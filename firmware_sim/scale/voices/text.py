"""Lines of text, which nobody asks for."""

from collections.abc import Iterable

from firmware_sim.scale.voices.voice import Speaker


class Text(Speaker):
    """Lines of text, again and again, as Chinese makers send them: ``  0.455kg`` CR LF, with no word of whether it is stable."""

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""
        del data
        return ()

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        grams = self.look().shown_g
        return b"%b%b%b\r\n" % (b"-" if grams < 0 else b" ", self.figure(grams, 6), self.unit.encode())


class Reversed(Text):
    """``=`` and the figure with its last digit first, without end."""

    def speak(self) -> bytes:
        """Return what the scale says by itself."""
        grams = self.look().shown_g
        figure = self.figure(grams, 6)[::-1]
        return b"=" + figure + (b"-" if grams < 0 else b"")
