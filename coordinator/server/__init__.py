"""The running headquarters: what arrives from edges, what goes down to them, timed work, and the listeners."""
