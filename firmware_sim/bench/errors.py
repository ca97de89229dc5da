"""What can stop a bench: each names the thing, the value, and what to do next."""


class BenchError(Exception):
    """The bench cannot do what it was asked for."""


class StoreFileUnusable(BenchError):
    """The store file cannot be read, or a device in it cannot be stood on a bench."""


class CommandTooLong(BenchError):
    """A command is longer than any that a device knows."""


class TooManyWatch(BenchError):
    """More pages look on than the bench tells of changes."""


class NoSuchDevice(BenchError):
    """A command, a scenario or an option names a device that is not on the bench."""


class CommandRefused(BenchError):
    """A device does not know a command, or cannot do it as it stands."""


class ScenarioUnusable(BenchError):
    """A scenario file cannot be read, or names what this bench does not have."""
