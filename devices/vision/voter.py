"""From readings of single frames to codes that are believed: frames must agree, and one presence counts once.

One frame gives a wrong text with a right check digit on about one difficult picture in a hundred, with every
library; frames that agree gave none in 578 sequences (the study's section 7, repeated by ``benchmarks.reader_sequences``).
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import permutations

from devices.vision.codes import Reading

WINDOW_FRAMES = 8
SURE_VOTES = 2
LEAD = 2  # a text needs this many times the votes of any other that could be the same code misread
BESIDE_FRAMES = 2
"""So many frames with both of two look-alikes, each read surely, show two codes: goods of one maker differ in few digits."""
NEED = {
    "QR": 1, "DM": 1, "CODE128": 2, "DATABAREXP": 2, "EAN13": 3, "UPCA": 3, "ITF": 3, "DATABAR": 3, "EAN8": 4, "UPCE": 4,
}  # fmt: skip
"""Votes that a text of each family needs; QR and DataMatrix correct their own errors."""
MATRIX = ("QR", "DM")
GONE_AFTER_S = 1.0


class Voter:
    """Adds the votes of the last ``window`` frames.

    Args:
        window: how many frames count, the newest included.
        known: says whether a text is an article of the store; a known one needs 2 votes instead of 3 or 4.
    """

    def __init__(self, *, window: int = WINDOW_FRAMES, known: Callable[[str], bool] | None = None) -> None:
        self._frames: deque[list[Reading]] = deque(maxlen=window)
        self._known = known

    def add(self, readings: Sequence[Reading]) -> list[Reading]:
        """Take one frame's readings, none included; return every code that has enough votes now."""
        self._frames.append(list(readings))
        score: Counter[str] = Counter()
        latest: dict[str, Reading] = {}
        for frame in self._frames:
            for reading in frame:
                score[reading.text] += min(SURE_VOTES, reading.votes)
                latest[reading.text] = reading
        beside = self._beside()
        return [
            latest[text]._replace(votes=votes)
            for text, votes in score.items()
            if votes >= self._need(latest[text]) and self._leads(latest[text], score, latest, beside)
        ]

    def _beside(self) -> Counter[tuple[str, str]]:
        """Return how often each two texts were read surely in one frame; the pairs both ways round."""
        sure = ({reading.text for reading in frame if reading.votes >= SURE_VOTES} for frame in self._frames)
        return Counter(pair for texts in sure if len(texts) > 1 for pair in permutations(texts, 2))

    def _need(self, reading: Reading) -> int:
        need = NEED[reading.family]
        return min(need, SURE_VOTES) if self._known is not None and self._known(reading.text) else need

    @staticmethod
    def _leads(
        reading: Reading, score: Counter[str], latest: dict[str, Reading], beside: Counter[tuple[str, str]]
    ) -> bool:
        if reading.family in MATRIX:
            return True
        rivals = (
            votes
            for text, votes in score.items()
            if text != reading.text
            and latest[text].family not in MATRIX
            and alike(text, reading.text)
            and beside[reading.text, text] < BESIDE_FRAMES
        )
        return score[reading.text] >= LEAD * max(rivals, default=0)


def alike(one: str, other: str) -> bool:
    """Return whether one text may be the other misread: a part of it, or as long with a third of it in place.

    >>> alike("4006381333931", "4006387333931"), alike("96385074", "4006381333931")
    (True, False)
    """
    if len(one) != len(other):
        return one in other or other in one
    return 3 * sum(a == b for a, b in zip(one, other, strict=True)) >= len(one)


class View:
    """What lies before one camera: gives each accepted code once, and again only after it had left the view.

    A code has left when no frame showed it for ``gone_after_s`` and for a whole window of frames: a camera that
    stands still for a second shows nothing, and that is not the shopper taking the goods away.
    """

    def __init__(
        self,
        *,
        window: int = WINDOW_FRAMES,
        gone_after_s: float = GONE_AFTER_S,
        known: Callable[[str], bool] | None = None,
    ) -> None:
        self._voter = Voter(window=window, known=known)
        self._window = window
        self._gone_after_s = gone_after_s
        self._here: dict[str, tuple[int, float]] = {}  # text → frame number and time of its last reading
        self._frame = 0

    @property
    def here(self) -> frozenset[str]:
        """The texts that were accepted and have not left."""
        return frozenset(self._here)

    def add(self, readings: Sequence[Reading], at_s: float) -> list[Reading]:
        """Take the readings of one frame seen at ``at_s`` (a monotonic clock); return the codes that are new."""
        self._frame += 1
        for text in {reading.text for reading in readings} & self._here.keys():
            self._here[text] = (self._frame, at_s)
        for text, (frame, seen_s) in list(self._here.items()):
            if self._frame - frame >= self._window and at_s - seen_s >= self._gone_after_s:
                del self._here[text]
        fresh = [reading for reading in self._voter.add(readings) if reading.text not in self._here]
        self._here.update((reading.text, (self._frame, at_s)) for reading in fresh)
        return fresh
