"""Values ↔ bytes. Decoding never trusts: size, inflation, depth, numbers and names are checked, and every refusal is named.

A message is JSON, compressed with zlib when it is long; its first byte tells which (``{`` or 0x78). What our own encoder made re-encodes
to the same bytes, which proves in a microsecond that no name is doubled and no field unknown; only the rest pays for a closer look.
"""

import zlib
from typing import Any

import msgspec

from domain.ids import EventId
from protocol.envelope import ClockQuality, Event
from protocol.errors import MalformedMessage, UnknownFact, UnsupportedVersion
from protocol.facts import FACT_TYPES, TYPE_OF, Fact
from protocol.messages import VERSION, Ack, Batch, Down, Hello, Status, UpMessage
from protocol.strict_json import check_names, check_text, check_values, check_written

MAX_WIRE_BYTES = 256 * 1024
MAX_INFLATED_BYTES = 1024 * 1024
MAX_EVENT_BYTES = 128 * 1024
"""One event; it must fit a batch of its own even if it does not compress."""
MAX_ID_CHARS = 64
COMPRESS_ABOVE_BYTES = 4096
ZLIB_LEVEL = 1

_ZLIB_FIRST_BYTE = 0x78
_SPEC_MAJOR = "1."

_encoder = msgspec.json.Encoder()
_event_decoder = msgspec.json.Decoder(Event)
_fact_decoders = {name: msgspec.json.Decoder(struct) for name, struct in FACT_TYPES.items()}
_fact_names = {name.rpartition(".v")[0] for name in FACT_TYPES}
_up_decoder = msgspec.json.Decoder(UpMessage)
_ack_decoder = msgspec.json.Decoder(Ack)
_down_decoder = msgspec.json.Decoder(Down)
_status_decoder = msgspec.json.Decoder(Status)


class _Version(msgspec.Struct):
    v: int


def encode_event(
    fact: Fact,
    *,
    event_id: EventId,
    source: str,
    time: str,
    bootid: str,
    monotonicms: int,
    clock: ClockQuality,
    traceparent: str = "",
) -> bytes:
    """Return the bytes of one event; they never change again.

    Args:
        fact: what happened.
        event_id: UUIDv7 of this event.
        source: the edge's id.
        time: wall clock, RFC 3339 with zone; a hint, never an order.
        bootid: nonce of this boot.
        monotonicms: milliseconds since boot.
        clock: how much ``time`` is worth.
        traceparent: W3C trace context, if any.

    Raises:
        MalformedMessage: the fact does not fit the limits (size, numbers, NUL), so it must not be committed.
    """
    data = msgspec.Raw(_encoder.encode(fact))
    raw = _encoder.encode(
        Event("1.0", event_id, source, TYPE_OF[type(fact)], time, data, traceparent, bootid, monotonicms, clock)
    )
    if len(raw) > MAX_EVENT_BYTES:
        raise MalformedMessage(f"size of event {event_id}", len(raw), f"at most {MAX_EVENT_BYTES} bytes")
    check_written(raw, f"event {event_id}")
    return raw


def decode_event(raw: bytes) -> Event:
    """Return the envelope of one event, its ``data`` still raw.

    Raises:
        MalformedMessage: not an event, or beyond a limit.
        UnsupportedVersion: CloudEvents of another major version.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise MalformedMessage("size of event", len(raw), f"at most {MAX_EVENT_BYTES} bytes")
    check_values(raw, "event")
    event: Event = _parse(_event_decoder, raw, "event")
    if not event.specversion.startswith(_SPEC_MAJOR):
        raise UnsupportedVersion(f"CloudEvent {event.id:.40}", event.specversion, "1.x")
    if not 0 < len(event.id) <= MAX_ID_CHARS:
        raise MalformedMessage("id of event", event.id[:40], f"1 to {MAX_ID_CHARS} characters")
    return event


def decode_fact(event: Event) -> Fact:
    """Return what an event states.

    Raises:
        UnknownFact: no such type here.
        UnsupportedVersion: a known type in a newer version.
        MalformedMessage: a known type whose data is not of its shape (poison).
    """
    decoder = _fact_decoders.get(event.type)
    if decoder is None:
        name, _, version = event.type.rpartition(".v")
        if name in _fact_names and version.isdigit():
            raise UnsupportedVersion(f"fact {name}", version, "1")
        raise UnknownFact(event.type)
    fact: Fact = _parse(decoder, bytes(event.data), event.type)
    return fact


def encode(message: Hello | Batch | Ack | Down | Status) -> bytes:
    """Return the payload of a message, compressed when that is worth it.

    Raises:
        MalformedMessage: it does not fit one MQTT message; send less.
    """
    raw = _encoder.encode(message)
    payload = zlib.compress(raw, ZLIB_LEVEL) if len(raw) > COMPRESS_ABOVE_BYTES else raw
    if len(payload) > MAX_WIRE_BYTES or len(raw) > MAX_INFLATED_BYTES:
        raise MalformedMessage(f"size of {type(message).__name__}", len(payload), f"at most {MAX_WIRE_BYTES} bytes")
    return payload


def decode_up(payload: bytes) -> UpMessage:
    """Return what an edge sent on ``up``.

    Raises:
        MalformedMessage: no such message, or beyond a limit.
        UnsupportedVersion: the edge speaks a newer major version.
    """
    message: UpMessage = _decode(_up_decoder, payload, "up message")
    return message


def decode_ack(payload: bytes) -> Ack:
    """Return headquarters' acknowledgement; raises as ``decode_up``."""
    message: Ack = _decode(_ack_decoder, payload, "ack")
    return message


def decode_down(payload: bytes) -> Down:
    """Return headquarters' delta, poke or advice to take a snapshot; raises as ``decode_up``."""
    message: Down = _decode(_down_decoder, payload, "down message")
    return message


def decode_status(payload: bytes) -> Status:
    """Return an edge's retained status; raises as ``decode_up``."""
    message: Status = _decode(_status_decoder, payload, "status")
    return message


def _decode(decoder: msgspec.json.Decoder[Any], payload: bytes, thing: str) -> Any:
    raw = _inflate(payload, thing)
    check_text(raw, thing)
    try:
        message = _parse(decoder, raw, thing)
    except MalformedMessage:
        _refuse_newer(raw, thing)
        raise
    if message.v > VERSION:
        raise UnsupportedVersion(thing, message.v, VERSION)
    return message


def _inflate(payload: bytes, thing: str) -> bytes:
    if len(payload) > MAX_WIRE_BYTES:
        raise MalformedMessage(f"size of {thing}", len(payload), f"at most {MAX_WIRE_BYTES} bytes on the wire")
    if not payload or payload[0] != _ZLIB_FIRST_BYTE:
        return payload
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(payload, MAX_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise MalformedMessage(thing, error, "a zlib stream") from error
    if len(raw) > MAX_INFLATED_BYTES:
        raise MalformedMessage(
            f"inflated size of {thing}", f"over {len(raw) - 1}", f"at most {MAX_INFLATED_BYTES} bytes"
        )
    if not stream.eof or stream.unused_data:
        raise MalformedMessage(thing, "a cut or trailing zlib stream", "one whole zlib stream")
    return raw


def _parse(decoder: msgspec.json.Decoder[Any], raw: bytes, thing: str) -> Any:
    try:
        value = decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(thing, error, "the fields of docs/protocol.md") from error
    if _encoder.encode(value) != raw:
        check_names(raw, thing)
    return value


def _refuse_newer(raw: bytes, thing: str) -> None:
    """A newer major version may have another shape: then say so instead of calling it malformed."""
    try:
        version = msgspec.json.decode(raw, type=_Version).v
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    if version > VERSION:
        raise UnsupportedVersion(thing, version, VERSION)
