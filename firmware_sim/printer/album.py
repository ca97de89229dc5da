"""The pictures that a printer has made: whole receipts, and the paper that is still growing."""

from firmware_sim.printer.paper import Paper

NOW = "now"


class Album:
    """Names and pictures, for whoever looks at the paper."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    def names(self) -> list[str]:
        """Return the names, the newest first; ``now`` is the paper that has not been cut yet."""
        whole = [receipt.image.stem for receipt in reversed(self._paper.receipts) if receipt.image is not None]
        return [NOW, *whole] if self._paper.draws and self._paper.text.strip() else whole

    def picture(self, name: str) -> bytes | None:
        """Return one as PNG, None if there is none of this name."""
        if name == NOW:
            return self._paper.png() if self._paper.draws else None
        found = next(
            (each.image for each in self._paper.receipts if each.image is not None and each.image.stem == name), None
        )
        return found.read_bytes() if found is not None and found.is_file() else None
