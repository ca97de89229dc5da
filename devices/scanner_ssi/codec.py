"""Packets of Zebra's Simple Serial Interface: bytes in, packets out, and back; no I/O, blind to how the bytes are cut.

``len opcode source status [data] checksum(2)``: ``len`` counts from itself to the end of the data, the checksum is the two's complement of
the 16-bit sum of all before it, high byte first. Source 04 is the host, 00 the decoder. Status bit 0: sent again, bit 1: more follows.
Source: Zebra, Simple Serial Interface programmer's guide, 72E-40451.
"""

from typing import NamedTuple

from devices.meaning import Fields, Meaning, visible
from devices.reading import Refusal
from devices.scanner_ssi.codes import symbology_of
from domain.symbology import symbology_name

HOST, DECODER = 0x04, 0x00
AGAIN, CONTINUED = 0x01, 0x02
SMALLEST, LARGEST = 4, 255

ACK, NAK, FLUSH = 0xD0, 0xD1, 0xD2
REQUEST_REVISION, REPLY_REVISION = 0xA3, 0xA4
PARAM_SEND, PARAM_REQUEST = 0xC6, 0xC7
START_SESSION, STOP_SESSION, BEEP, SCAN_ENABLE, SCAN_DISABLE = 0xE4, 0xE5, 0xE6, 0xE9, 0xEA
DECODE_DATA, EVENT = 0xF3, 0xF6
RESEND, DENIED = 0x01, 0x06

NAMES = {
    ACK: "ACK",
    NAK: "NAK",
    FLUSH: "FLUSH_QUEUE",
    REQUEST_REVISION: "REQUEST_REVISION",
    REPLY_REVISION: "REPLY_REVISION",
    0xC4: "AIM_OFF",
    0xC5: "AIM_ON",
    PARAM_SEND: "PARAM_SEND",
    PARAM_REQUEST: "PARAM_REQUEST",
    0xC8: "PARAM_DEFAULTS",
    0xD3: "CAPABILITIES_REQUEST",
    0xD4: "CAPABILITIES_REPLY",
    START_SESSION: "START_SESSION",
    STOP_SESSION: "STOP_SESSION",
    BEEP: "BEEP",
    0xE7: "LED_ON",
    0xE8: "LED_OFF",
    SCAN_ENABLE: "SCAN_ENABLE",
    SCAN_DISABLE: "SCAN_DISABLE",
    0xEB: "SLEEP",
    DECODE_DATA: "DECODE_DATA",
    EVENT: "EVENT",
    0xF7: "IMAGER_MODE",
}
_REASONS = {RESEND: "send it again", 0x02: "not in this context", DENIED: "denied"}


class Packet(NamedTuple):
    """One packet whose checksum is right; ``torn_first``: since the last one a message was lost that had been sent for the first time."""

    opcode: int
    data: bytes = b""
    status: int = 0
    source: int = DECODER
    torn_first: bool = False

    @property
    def again(self) -> bool:
        """Whether it was sent before and not answered."""
        return bool(self.status & AGAIN)

    @property
    def continued(self) -> bool:
        """Whether more of the same message follows."""
        return bool(self.status & CONTINUED)


def checksum(message: bytes) -> int:
    """Return the two's complement of the 16-bit sum.

    >>> hex(checksum(bytes.fromhex("04d00400")))
    '0xff28'
    """
    return -sum(message) & 0xFFFF


def frame(opcode: int, data: bytes = b"", *, again: bool = False) -> bytes:
    """Return the bytes of a packet of the host.

    Raises:
        ValueError: ``data`` is longer than 251 bytes.

    >>> frame(SCAN_ENABLE).hex(" ")
    '04 e9 04 00 ff 0f'
    """
    if len(data) > LARGEST - SMALLEST:
        raise ValueError(f"{len(data)} bytes do not fit a packet: at most {LARGEST - SMALLEST}")
    message = bytes((SMALLEST + len(data), opcode, HOST, AGAIN if again else 0)) + data
    return message + checksum(message).to_bytes(2, "big")


class PacketDecoder:
    """Cuts a stream into packets; feed it any chunks.

    What cannot be the head of a packet is passed over (one ``noise`` for a run of it); a packet whose checksum is wrong is dropped whole
    (``checksum``), since its sender repeats it.
    """

    def __init__(self, *sources: int) -> None:
        """Take packets of ``sources``; none given: those of the decoder."""
        self._torn_first = False
        self._sources = sources or (DECODER,)
        self._buffer = bytearray()
        self._in_noise = False

    @property
    def pending(self) -> bool:
        """Whether part of a packet is waiting for the rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Packet | Refusal]:
        """Take a chunk and return what it completes."""
        self._buffer += data
        found: list[Packet | Refusal] = []
        while self._buffer:
            if not self._could_begin():
                found += self._pass_over()
            elif len(self._buffer) < (size := self._buffer[0] + 2) or len(self._buffer) < SMALLEST:
                break
            else:
                found.append(self._taken(bytes(self._buffer[:size])))
        return found

    def silence(self) -> list[Packet | Refusal]:
        """Tell that nothing came for a while: part of a packet will never be whole."""
        size = len(self._buffer)
        self._note_torn(self._buffer)
        self._buffer.clear()
        return [Refusal("half_frame", size)] if size else []

    def _could_begin(self) -> bool:
        """Whether the buffer may begin with a packet, as far as it goes."""
        head = self._buffer
        return (
            head[0] >= SMALLEST
            and (len(head) < 2 or head[1] in NAMES)
            and (len(head) < 3 or head[2] in self._sources)
            and (len(head) < 4 or head[3] < 0x10)
        )

    def _pass_over(self) -> list[Packet | Refusal]:
        del self._buffer[0]
        already, self._in_noise = self._in_noise, True
        return [] if already else [Refusal("noise", 1)]

    def _taken(self, whole: bytes) -> Packet | Refusal:
        del self._buffer[: len(whole)]
        self._in_noise = False
        message, sent = whole[:-2], int.from_bytes(whole[-2:], "big")
        if checksum(message) != sent:
            self._note_torn(message)
            return Refusal("checksum", len(whole))
        torn_first, self._torn_first = self._torn_first, self._torn_first and message[1] in (ACK, NAK)
        return Packet(message[1], message[4:], message[3], message[2], torn_first)

    def _note_torn(self, packet: bytes | bytearray) -> None:
        if len(packet) >= SMALLEST and packet[1] not in (ACK, NAK) and not packet[3] & AGAIN:
            self._torn_first = True


def explain(data: bytes) -> list[Meaning]:
    """Return what packets of both sides say; the end of ``data`` ends the last one.

    >>> explain(bytes.fromhex("0df300000a3936333835303734fd4c"))[0].text
    'decoder: DECODE_DATA 96385074, EAN-8'
    """
    decoder = PacketDecoder(DECODER, HOST)
    return [_meaning(found) for found in decoder.feed(data) + decoder.silence()]


def _meaning(found: Packet | Refusal) -> Meaning:
    if isinstance(found, Refusal):
        return Meaning(f"no packet: {found.reason.replace('_', ' ')}", {"refused": found.reason, "bytes": found.size})
    name, source = NAMES[found.opcode], "host" if found.source == HOST else "decoder"
    text, said = _said(found)
    marks = "".join(f", {word}" for word, on in (("sent again", found.again), ("more follows", found.continued)) if on)
    fields: Fields = {"source": source, "opcode": name, "again": found.again, "continued": found.continued}
    return Meaning(f"{source}: {name}{text and ' '}{text}{marks}", fields | said)


def _said(packet: Packet) -> tuple[str, Fields]:
    """Return the data of a packet as a person reads it, and by name."""
    data = packet.data
    if packet.opcode == DECODE_DATA and data:
        code, aim = visible(data[1:].decode("utf-8", "backslashreplace")), symbology_of(data[0])
        name = symbology_name(aim) if aim else f"code type {data[0]:02x}, which nobody knows"
        return f"{code}, {name}", {"data": code, "code_type": f"{data[0]:02x}", "aim": aim or "", "symbology": name}
    if packet.opcode == NAK and data:
        reason = _REASONS.get(data[0], f"reason {data[0]:02x}")
        return f"({reason})", {"reason": reason}
    if packet.opcode == REPLY_REVISION:
        revision = visible(data.decode("ascii", "backslashreplace"))
        return revision, {"revision": revision}
    return data.hex(" "), {"hex": data.hex()} if data else {}
