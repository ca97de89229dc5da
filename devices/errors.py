"""What hardware can do to us, grouped by the reaction.

DeviceError                the hardware needs help
├── DeviceUnavailable      not there, gone, silent, or its software is missing → reconnect, keep selling
├── DeviceIncapable        its model has no such function → ask ``can`` before, offer something else
├── PaperOut               the roll is empty → tell the cashier, do not send again
├── CoverOpen              the cover is open → tell the cashier, do not send again
├── PrinterFault           cutter, head or unknown fault that only a person clears
├── GarbledFrame           bytes that make no sense → drop them, count them, resynchronise
├── PictureRefused         a picture too large, or no picture at all → tell who sent it
├── TooManyFrames          a phone, or all of them, send faster than they may → wait, then send again
└── DeviceMisconfigured    settings that no driver can serve → stop at start and say which
"""


class DeviceError(Exception):
    """The hardware needs help; the message names the device, what is wrong and what to do next."""


class DeviceUnavailable(DeviceError):
    """A device that is absent, lost, silent or not supported by what is installed.

    Attributes:
        device: its id or address.
        reason: what was seen.
    """

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"{device} is not available: {reason}")
        self.device = device
        self.reason = reason


class DeviceIncapable(DeviceError):
    """A request that this model has no answer to.

    Attributes:
        device: its id.
        function: what was asked for.
    """

    def __init__(self, device: str, function: str) -> None:
        super().__init__(f"{device} cannot {function}: its model has no command for it")
        self.device = device
        self.function = function


class PaperOut(DeviceError):
    """The receipt roll has ended."""

    def __init__(self, device: str) -> None:
        super().__init__(f"{device} is out of paper: load a new roll and close the cover")


class CoverOpen(DeviceError):
    """The printer's cover is open."""

    def __init__(self, device: str) -> None:
        super().__init__(f"the cover of {device} is open: close it")


class PrinterFault(DeviceError):
    """A printer error that only a person clears (cutter jam, hot head, unrecoverable)."""

    def __init__(self, device: str, fault: str) -> None:
        super().__init__(f"{device} reports {fault}: clear it, then switch the printer off and on")
        self.fault = fault


class GarbledFrame(DeviceError):
    """Bytes that are no frame of the protocol; ``reason`` is one short constant, fit for a counter."""

    def __init__(self, reason: str, data: bytes = b"") -> None:
        super().__init__(f"{reason}: {data[:32].hex(' ')}" if data else reason)
        self.reason = reason


class PictureRefused(DeviceError):
    """A picture over its limits, or a file that is no picture."""


class TooManyFrames(DeviceError):
    """Frames come faster than a phone, or all of them together, may send.

    Attributes:
        retry_after_s: when there is room for the next one.
    """

    def __init__(self, what: str, retry_after_s: float) -> None:
        super().__init__(f"{what}: send the next frame in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class DeviceMisconfigured(DeviceError):
    """Settings that no driver can serve."""
