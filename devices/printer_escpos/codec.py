"""What an ESC/POS printer says back, and the few questions put to it; no I/O, blind to chunks.

A printer mixes four kinds of replies in one stream. The first byte tells them apart (reference §1.4):
real-time status ``0xx1xx10``, automatic status ``0xx1xx00`` plus three bytes, blocks that end at 00, and
single bytes ``0xx0xxxx`` that mean something only while one is awaited.
"""

import enum
from typing import NamedTuple

from devices.errors import GarbledFrame
from devices.meaning import Meaning, visible
from devices.ports import Paper, PrinterStatus

ASB_ON = b"\x1d\x61\x0f"
ASK_PAPER = b"\x1d\x72\x01"
ASK_IDENTITY = b"\x1d\x49\x02"
GO_ON, GO_ON_WITHOUT = b"\x10\x05\x01", b"\x10\x05\x02"
CLEAR_ALL = bytes.fromhex("10140801031401060208")
MAX_BLOCK_BYTES = 128
_FLOW_CONTROL = b"\x11\x13"
"""XON and XOFF of a serial line: they may stand anywhere, and no answer has them among its own bytes."""


class BlockKind(enum.IntEnum):
    """First byte of a block that ends at 00."""

    INFO = 0x5F
    PROCESS = 0x37
    EXTENDED = 0x53
    SETTINGS = 0x3D


class RealTimeStatus(NamedTuple):
    """The answer to a DLE EOT; which one, only the order of the questions tells."""

    value: int


class AutomaticStatus(NamedTuple):
    """Four bytes that a printer sends by itself when its state changes."""

    data: bytes


class SingleByte(NamedTuple):
    """The answer to GS r or GS I, which was awaited."""

    value: int


class Block(NamedTuple):
    """A block without its first byte and its 00."""

    kind: BlockKind
    data: bytes


class Noise(NamedTuple):
    """Bytes that belong to nothing."""

    data: bytes


Reply = RealTimeStatus | AutomaticStatus | SingleByte | Block | Noise


def ask_status(number: int) -> bytes:
    """Return DLE EOT ``number`` (1 printer, 2 offline cause, 3 error cause, 4 paper)."""
    return bytes((0x10, 0x04, number))


def ask_process_id(marker: bytes) -> bytes:
    """Return GS ( H, answered with ``marker`` once all before it is on paper.

    Raises:
        ValueError: the marker is not 4 bytes of 20 to 7E.
    """
    if len(marker) != 4 or not all(0x20 <= byte <= 0x7E for byte in marker):
        raise ValueError(f"process id {marker!r} is not 4 printable ASCII characters")
    return b"\x1d\x28\x48\x06\x00\x30\x30" + marker


def process_id_of(block: Block) -> bytes | None:
    """Return the marker of a process id answer, None for other blocks."""
    if block.kind is BlockKind.PROCESS and len(block.data) == 5 and block.data[0] == 0x22:
        return block.data[1:]
    return None


def is_cleared(block: Block) -> bool:
    """Whether a block says that all buffers are cleared (the answer to ``CLEAR_ALL``)."""
    return block.kind is BlockKind.PROCESS and block.data == b"\x25"


def pulse_now(pin: int, on_ms: int) -> bytes:
    """Return DLE DC4 1, which opens the drawer at connector pin 2 or 5 while the printer is busy; in steps of 100 ms."""
    return b"\x10\x14\x01" + bytes([0 if pin == 2 else 1, min(8, max(1, -(-on_ms // 100)))])


class ReplyDecoder:
    """Sorts a printer's bytes into replies; feed it any chunks."""

    def __init__(self) -> None:
        self._buffer = b""
        self._awaited = 0

    @property
    def waiting(self) -> bytes:
        """What has come of an answer that is not all there yet."""
        return self._buffer

    def await_single_byte(self) -> None:
        """Tell that a question with a one-byte answer has been sent."""
        self._awaited += 1

    def await_single_bytes(self, count: int) -> None:
        """Expect up to ``count`` one-byte answers, whoever asked for them."""
        self._awaited = count

    def feed(self, data: bytes) -> list[Reply]:
        """Take a chunk and return the replies that it completes."""
        self._buffer += data.translate(None, _FLOW_CONTROL)
        replies: list[Reply] = []
        while self._buffer:
            size, reply = self._front()
            if reply is None:
                break
            self._buffer = self._buffer[size:]
            replies.append(reply)
        return replies

    def _front(self) -> tuple[int, Reply | None]:
        """Return how many bytes the first reply takes and the reply, None when it is not all there yet."""
        first = self._buffer[0]
        if first in set(BlockKind):
            return self._block()
        if first & 0x93 == 0x12:
            return 1, RealTimeStatus(first)
        if first & 0x93 == 0x10:
            return self._automatic()
        if first & 0x90 == 0 and self._awaited:
            self._awaited -= 1
            return 1, SingleByte(first)
        return 1, Noise(bytes([first]))

    def _automatic(self) -> tuple[int, Reply | None]:
        rest = self._buffer[1:4]
        if any(byte & 0x90 for byte in rest):
            return 1, Noise(self._buffer[:1])
        return (4, AutomaticStatus(self._buffer[:4])) if len(rest) == 3 else (0, None)

    def _block(self) -> tuple[int, Reply | None]:
        end = self._buffer.find(0)
        if end < 0:
            return (1, Noise(self._buffer[:1])) if len(self._buffer) > MAX_BLOCK_BYTES else (0, None)
        if end > MAX_BLOCK_BYTES:
            return 1, Noise(self._buffer[:1])
        return end + 1, Block(BlockKind(self._buffer[0]), self._buffer[1:end])


def decode_automatic(data: bytes) -> PrinterStatus:
    """Decode four bytes of automatic status; the fourth is reserved and not looked at.

    Raises:
        GarbledFrame: the fixed bits are wrong.
    """
    if len(data) != 4 or data[0] & 0x93 != 0x10 or any(byte & 0x90 for byte in data[1:]):
        raise GarbledFrame("not_automatic_status", data)
    printer, errors, paper = data[0], data[1], data[2]
    return PrinterStatus(
        online=not printer & 0x08,
        paper=_paper(end=paper & 0x0C, near=paper & 0x03),
        cover_open=bool(printer & 0x20),
        fault=_fault(
            cutter=errors & 0x08, unrecoverable=errors & 0x20, passing=errors & 0x40, mechanical=errors & 0x04
        ),
        drawer_pin_high=bool(printer & 0x04),
    )


def decode_real_time(answers: dict[int, int]) -> PrinterStatus:
    """Decode the answers to DLE EOT by number; what was not answered stays unknown.

    Raises:
        GarbledFrame: an answer has wrong fixed bits.
    """
    for value in answers.values():
        if value & 0x93 != 0x12:
            raise GarbledFrame("not_real_time_status", bytes([value]))
    printer, cause, errors, paper = (answers.get(number) for number in (1, 2, 3, 4))
    rolls = Paper.UNKNOWN if paper is None else _paper(end=paper & 0x60, near=paper & 0x0C)
    if cause is not None and cause & 0x20:
        rolls = Paper.END
    fault = (
        _fault(cutter=errors & 0x08, unrecoverable=errors & 0x20, passing=errors & 0x40) if errors is not None else ""
    )
    if not fault and cause is not None and cause & 0x40:
        fault = "error"
    return PrinterStatus(
        online=None if printer is None else not printer & 0x08,
        paper=rolls,
        cover_open=None if cause is None else bool(cause & 0x04),
        fault=fault,
        drawer_pin_high=None if printer is None else bool(printer & 0x04),
    )


def _paper(*, end: int, near: int) -> Paper:
    return Paper.END if end else Paper.NEAR_END if near else Paper.OK


def _fault(*, cutter: int, unrecoverable: int, passing: int, mechanical: int = 0) -> str:
    if unrecoverable:
        return "unrecoverable error"
    if cutter:
        return "cutter error"
    if mechanical:
        return "mechanical error"
    return "error that ends by itself" if passing else ""


def explain(data: bytes) -> list[Meaning]:
    """Say what a printer's answers mean; single bytes are read as answers to GS r 1 (paper).

    A real-time byte does not say which question it answers: all four readings are given.
    """
    decoder = ReplyDecoder()
    decoder.await_single_bytes(len(data))
    replies = decoder.feed(data)
    return [_meaning(reply) for reply in replies] + ([_half(decoder)] if decoder.waiting else [])


def _meaning(reply: Reply) -> Meaning:
    match reply:
        case AutomaticStatus(data):
            return Meaning(
                f"automatic status {data.hex(' ')}: {_told(decode_automatic(data))}", {"kind": "asb", "hex": data.hex()}
            )
        case RealTimeStatus(value):
            readings = "; ".join(
                f"to DLE EOT {number}: {_told(decode_real_time({number: value}))}" for number in (1, 2, 3, 4)
            )
            return Meaning(f"real-time status {value:02x}, {readings}", {"kind": "dle_eot", "value": value})
        case SingleByte(value):
            paper = _paper(end=value & 0x0C, near=value & 0x03)
            return Meaning(f"answer {value:02x} to GS r 1: paper {paper.value}", {"kind": "gs_r", "paper": paper.value})
        case Block() as block if (marker := process_id_of(block)) is not None:
            text = visible(marker.decode("ascii", "replace"))
            return Meaning(f"all up to process id {text!r} is on paper", {"kind": "process_id", "marker": text})
        case Block() as block if is_cleared(block):
            return Meaning("all buffers are cleared", {"kind": "cleared"})
        case Block(kind, data):
            text = visible(data.decode("gb18030", "replace"))
            return Meaning(f"{kind.name.lower()} block {text!r}", {"kind": kind.name.lower(), "text": text})
        case Noise(data):
            return Meaning(f"no answer of a printer: {data.hex(' ')}", {"kind": "noise", "hex": data.hex()})


def _half(decoder: ReplyDecoder) -> Meaning:
    return Meaning(
        f"an answer that is not all there: {decoder.waiting.hex(' ')}", {"kind": "half", "hex": decoder.waiting.hex()}
    )


def _told(status: PrinterStatus) -> str:
    said = [
        {True: "online", False: "offline", None: ""}[status.online],
        f"paper {status.paper.value}" if status.paper is not Paper.UNKNOWN else "",
        {True: "cover open", False: "", None: ""}[status.cover_open],
        status.fault,
        {True: "drawer pin high", False: "drawer pin low", None: ""}[status.drawer_pin_high],
    ]
    return ", ".join(filter(None, said)) or "nothing wrong"
