"""What makes no sense on the wire.

ProtocolError   the message makes no sense → park, count, carry on
├── UnknownTopic          not one of ours
├── MalformedMessage      no JSON of the expected shape, too large, too deep
├── UnsupportedVersion    a newer major version: hold, never skip
└── UnknownFact           a type of fact we do not know yet: hold, never skip
"""


class ProtocolError(Exception):
    """A message makes no sense here."""


class UnknownTopic(ProtocolError):
    """The topic is not one of ours."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"topic {topic[:80]!r} is not shopwire/v1/<shard>/<edge>/<up|ack|down|cmd|status>")
        self.topic = topic


class MalformedMessage(ProtocolError):
    """The bytes are no message of the expected shape, or break a limit."""

    def __init__(self, thing: str, value: object, limit: str) -> None:
        shown = value if isinstance(value, int) else str(value)[:200]
        super().__init__(f"{thing} is malformed: {shown!s}, expected {limit}")
        self.thing, self.value, self.limit = thing, shown, limit


class UnsupportedVersion(ProtocolError):
    """The message is of a newer major version than this code reads: upgrade this side, then let the stream go on."""

    def __init__(self, thing: str, version: object, limit: object) -> None:
        super().__init__(
            f"{thing} has version {version!s:.40}, this code reads up to {limit}: upgrade, then release the stream"
        )
        self.thing, self.version, self.limit = thing, version, limit


class UnknownFact(ProtocolError):
    """The type of a fact is not known here: upgrade this side, then let the stream go on."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"fact type {type_name[:80]!r} is not known here: upgrade, then release the stream")
        self.type_name = type_name
