"""What crosses the wire, as values: facts, envelope, topics, codec, and the sender and receiver as pure state machines."""
