"""The host's side of an SSI conversation: what to answer to a packet, what is a repetition, what belongs together."""

from typing import NamedTuple

from devices.errors import GarbledFrame
from devices.reading import MAX_CODE_BYTES, Code, Refusal, code_of, split_aim
from devices.scanner_ssi.codec import ACK, DECODE_DATA, NAK, PARAM_SEND, RESEND, Packet, PacketDecoder, frame
from devices.scanner_ssi.codes import add_on, symbology_of

BETWEEN_BYTES_S = 0.3
BETWEEN_PACKETS_S = 5.0
"""Longer than a decoder repeats a packet: were parts dropped earlier, the last of them would pass as a whole code."""

_NO_READ = b"NR"
_CODE_39 = 0x01


class Heard(NamedTuple):
    """What a chunk of bytes amounts to.

    Attributes:
        reply: bytes that the scanner must get.
        results: codes, and what was refused.
        answers: packets that answer the host: ACK, NAK, revision, parameters (joined).
    """

    reply: bytes
    results: list[Code | Refusal]
    answers: list[Packet]


class Session:
    """Everything that has to be remembered from packet to packet; a new connection is a new session."""

    def __init__(self) -> None:
        self._decoder = PacketDecoder()
        self._last: tuple[int, bytes] | None = None  # the packet that was accepted last
        self._parts: dict[int, bytes] = {}

    @property
    def patience_s(self) -> float | None:
        """How long the rest of what is half there may take; None: nothing is half there."""
        if self._decoder.pending:
            return BETWEEN_BYTES_S
        return BETWEEN_PACKETS_S if self._parts else None

    def feed(self, data: bytes) -> Heard:
        """Take bytes of the scanner."""
        heard = Heard(b"", [], [])
        for found in self._decoder.feed(data):
            heard = self._refused(found, heard) if isinstance(found, Refusal) else self._taken(found, heard)
        return heard

    def silence(self) -> list[Code | Refusal]:
        """Tell that nothing came for ``patience_s``: what is half there stays so, and its sender will say it again."""
        if self._decoder.pending:
            return [found for found in self._decoder.silence() if isinstance(found, Refusal)]
        lost = sum(map(len, self._parts.values()))
        self._parts.clear()
        return [Refusal("half_frame", lost)] if lost else []

    def _refused(self, refusal: Refusal, heard: Heard) -> Heard:
        # Noise is no packet that anybody would send again; a wrong checksum is.
        reply = frame(NAK, bytes((RESEND,))) if refusal.reason == "checksum" else b""
        return Heard(heard.reply + reply, [*heard.results, refusal], heard.answers)

    def _taken(self, packet: Packet, heard: Heard) -> Heard:
        if packet.opcode in (ACK, NAK):
            return heard._replace(answers=[*heard.answers, packet])
        reply = heard.reply + frame(ACK)
        if self._is_repetition(packet):
            return heard._replace(reply=reply)
        whole = self._joined(packet)
        if whole is None:
            return heard._replace(reply=reply)
        if whole.opcode != DECODE_DATA:
            return Heard(reply, heard.results, [*heard.answers, whole])
        return Heard(reply, heard.results + self._code(whole.data), heard.answers)

    def _is_repetition(self, packet: Packet) -> bool:
        """Whether our answer to this packet was lost: it was accepted before and is now sent again.

        The same code read twice, whose second packet was torn at first, differs by the torn one: that was not yet sent again.
        """
        before, self._last = self._last, (packet.opcode, packet.data)
        return packet.again and before == self._last and not packet.torn_first

    def _joined(self, packet: Packet) -> Packet | None:
        """Return a message of one or several packets once it is whole; each DECODE_DATA packet repeats the code type."""
        parts = self._parts.pop(packet.opcode, b"")
        if packet.opcode == DECODE_DATA and parts and parts[:1] == packet.data[:1]:
            whole = parts + packet.data[1:]
        elif packet.opcode == PARAM_SEND:
            whole = parts + packet.data
        else:
            whole = packet.data
        if packet.continued:
            self._parts[packet.opcode] = whole[
                : MAX_CODE_BYTES + 2
            ]  # one byte more than a code may have, and its type: enough to tell
            return None
        return Packet(packet.opcode, whole[: MAX_CODE_BYTES + 2])

    def _code(self, data: bytes) -> list[Code | Refusal]:
        if data[:1] == bytes((_CODE_39,)) and data[1:] == _NO_READ:
            return []
        try:
            return [_decoded(data)]
        except GarbledFrame as garbled:
            return [Refusal(garbled.reason, len(data))]


def _decoded(data: bytes) -> Code:
    """Return the code in the data of DECODE_DATA.

    Raises:
        GarbledFrame: no code, or of a symbology that nobody knows.
    """
    if not data:
        raise GarbledFrame("empty")
    symbology = symbology_of(data[0])
    if symbology is None:
        raise GarbledFrame("symbology_unknown", data)
    sent, body = split_aim(
        data[1:].rstrip(b"\r\n")
    )  # a suffix, or an AIM identifier, that somebody has configured as well
    if digits := add_on(data[0]):
        body = body[:-digits]
    return code_of(body, sent or symbology)
