"""Which jobs are on paper, by what the printer answers; no I/O.

A process id names its job. A single byte names nobody: it belongs to the oldest question, and only if no question of an
earlier connection may still be answered. That is what ``settled`` is about; see ``Session.settle``.
"""

import hashlib
from collections import OrderedDict, deque

from devices.printer_escpos.codec import (
    ASK_IDENTITY,
    ASK_PAPER,
    Block,
    Reply,
    SingleByte,
    ask_process_id,
    process_id_of,
)
from devices.printer_escpos.profile import Marker

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MAX_OPEN = 64


def marker_of(job_id: str) -> bytes:
    """Return four characters that stand for a job, so that the late answer to another job is told apart."""
    digest = hashlib.blake2b(job_id.encode(), digest_size=4).digest()
    return bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)


class Proofs:
    """The jobs whose proof is still to come, over all connections of one printer.

    Attributes:
        settled: whether every single byte from now on answers a question of this connection.
        answers: whether the printer has ever given a single byte.
    """

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._named: OrderedDict[bytes, str] = OrderedDict()
        self._queue: deque[str] = deque(maxlen=MAX_OPEN)
        self.settled = not self.by_order
        self.answers = False

    @property
    def pending(self) -> bool:
        """Whether an answer to a job's question is still to come; a printer that was switched off and on owes it for ever."""
        return bool(self._queue)

    @property
    def by_order(self) -> bool:
        """Whether the proof is a single byte."""
        return self._marker in (Marker.STATUS, Marker.IDENTITY)

    def unsettle(self) -> list[str]:
        """Believe no single byte until it is settled again whose they are; returns the jobs that were still to be answered for.

        So at a new connection, and whenever the printer may have thrown away what it was asked.
        """
        waiting = list(self._queue)
        self._queue.clear()
        self.settled = not self.by_order
        return waiting

    def question(self, job_id: str) -> bytes:
        """Return what to send behind a job, and remember that it was asked."""
        match self._marker:
            case Marker.PROCESS_ID:
                self._named[marker_of(job_id)] = job_id
                if len(self._named) > MAX_OPEN:
                    self._named.popitem(last=False)
                return ask_process_id(marker_of(job_id))
            case Marker.STATUS | Marker.IDENTITY:
                self._queue.append(job_id)
                return self.bare_question()
            case Marker.NONE:
                return b""

    def bare_question(self) -> bytes:
        """Return a question with a one-byte answer that proves nothing but that all before it is done."""
        return ASK_IDENTITY if self._marker is Marker.IDENTITY else ASK_PAPER

    def proven(self, reply: Reply) -> str | None:
        """Return the job that ``reply`` proves to be on paper, None if it proves none."""
        match reply:
            case Block() as block if (marker := process_id_of(block)) is not None:
                return self._named.pop(marker, None)
            case SingleByte():
                self.answers = True
                return self._queue.popleft() if self._queue and self.settled else None
            case _:
                return None
