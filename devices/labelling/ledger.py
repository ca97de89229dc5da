"""What is known of every label of a batch: pure bookkeeping, fed with what was sent and what the printer said."""

from collections import deque
from collections.abc import Iterator

from devices.ports.label import LabelBatch, LabelStatus, RunOutcome

_SEEN_AT_WORK = 0.25
"""Part of the settling time that is enough once the printer was seen at work: it is not still reading what it got."""


class Portion:
    """Some copies of one run that go to the printer in one piece."""

    def __init__(self, run: int, copies: int) -> None:
        self.run, self.copies = run, copies
        self.known = 0  # of them, on paper for certain


def portions(batch: LabelBatch, at_once: int) -> Iterator[Portion]:
    """Cut a batch into pieces of at most ``at_once`` copies: what lies in the printer when it breaks is unknown."""
    for number, run in enumerate(batch.runs):
        for done in range(0, run.copies, at_once):
            yield Portion(number, min(at_once, run.copies - done))


class Ledger:
    """Counts labels: those in flight, and those on paper.

    A label counts as printed only when the printer has said something that cannot be true otherwise: it holds fewer
    formats than were sent, or it has been idle for ``settle_s`` after all were sent. Each answer must have been asked for
    after the last format was sent; that is the caller's duty.
    """

    def __init__(self, runs: int, *, counts_current: bool, settle_s: float) -> None:
        self._printed = [0] * runs
        self._flying: deque[Portion] = deque()
        self._counts_current, self._settle_s = counts_current, settle_s
        self._idle_since: float | None = None
        self._busy_seen = False

    @property
    def printed(self) -> int:
        """Labels on paper for certain."""
        return sum(self._printed) + sum(portion.known for portion in self._flying)

    @property
    def in_flight(self) -> int:
        """Labels sent and not known to be on paper."""
        return sum(portion.copies - portion.known for portion in self._flying)

    @property
    def pieces_in_flight(self) -> int:
        """Pieces sent and not known to be on paper as a whole."""
        return len(self._flying)

    def sent(self, portion: Portion) -> None:
        """Note that ``portion`` is about to leave: from its first byte on it may be printed."""
        self._flying.append(portion)
        self._idle_since, self._busy_seen = None, False

    def heard(self, status: LabelStatus, now: float) -> bool:
        """Take what the printer says; return whether more is known to be printed than before."""
        before = self.printed
        # Told to reprint after errors (^JZY), a printer that counts and holds nothing has printed all, even if it stopped since.
        idle = not status.busy and (status.ready or status.formats is not None)
        if not idle:
            self._idle_since = None
            self._busy_seen = self._busy_seen or bool(status.busy)
            self._count(status)
        else:
            self._idle_since = now if self._idle_since is None else self._idle_since
            if now - self._idle_since >= self._settle_s * (_SEEN_AT_WORK if self._busy_seen else 1):
                self._finish(len(self._flying))
        return self.printed > before

    def _count(self, status: LabelStatus) -> None:
        if status.formats is None or status.remaining is None:
            return
        under_head = status.remaining > 0 and not self._counts_current
        held = status.formats + (1 if under_head else 0)
        self._finish(len(self._flying) - held)
        if self._flying and held == len(self._flying):
            # Of the copies that remain the one under the head may or may not be counted: it is not counted on.
            first = self._flying[0]
            first.known = max(first.known, min(first.copies - 1, first.copies - status.remaining - 1))

    def _finish(self, pieces: int) -> None:
        for _ in range(pieces):
            portion = self._flying.popleft()
            self._printed[portion.run] += portion.copies

    def outcome(self) -> tuple[RunOutcome, ...]:
        """Return what is known now."""
        printed, unknown = list(self._printed), [0] * len(self._printed)
        for portion in self._flying:
            printed[portion.run] += portion.known
            unknown[portion.run] += portion.copies - portion.known
        return tuple(RunOutcome(*pair) for pair in zip(printed, unknown, strict=True))
