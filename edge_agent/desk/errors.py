"""What the installer's desk refuses.

EdgeError
├── NothingConfigured   neither a store file with devices nor an address was given
├── NoSuchDevice        a name that the store file does not know
├── WhichDevice         no name where several devices could be meant
├── AgentHoldsDevices   the running agent has the devices, and this command needs them for itself
└── NothingLearnt       a trial gave no clear answer
"""

from edge_agent.errors import EdgeError


class NothingConfigured(EdgeError):
    """Nobody said which devices."""

    def __init__(self) -> None:
        super().__init__("no device is configured: give --config FILE with [[devices]], or --address ADDRESS")


class NoSuchDevice(EdgeError):
    """A device that the settings do not know."""

    def __init__(self, device: str, known: str) -> None:
        super().__init__(
            f"no device is called {device!r}: name one of {known or '(none configured)'}, or give --address"
        )
        self.device, self.known = device, known or "-"


class WhichDevice(EdgeError):
    """No name where several devices could be meant."""

    def __init__(self, known: str) -> None:
        super().__init__(f"say which device: one of {known}")
        self.known = known


class AgentHoldsDevices(EdgeError):
    """A running agent has the devices."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"the agent of {path} holds the devices: stop `shopwire edge run` for this, or give another --address"
        )
        self.path = path


class NothingLearnt(EdgeError):
    """A trial gave no clear answer."""

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"nothing was learnt of {device}: {reason}")
        self.device, self.reason = device, reason
