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
