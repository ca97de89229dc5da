"""Recording what passes between a device and its driver, while both go on working."""

from pathlib import Path
from typing import Literal

from devices.transport.trace import Recorder
from edge_agent.errors import EdgeError


class Taps:
    """Told of every byte of every device (``Surroundings.trace``); keeps only what somebody asked for."""

    def __init__(self) -> None:
        self._recorders: dict[str, Recorder] = {}

    def __call__(self, device_id: str, direction: Literal["in", "out"], data: bytes) -> None:
        """Take bytes that pass."""
        if self._recorders and (recorder := self._recorders.get(device_id)) is not None:
            recorder(device_id, direction, data)

    def begin(self, device_id: str, file: Path) -> None:
        """Record a device from now on; a recording that was going on ends.

        Raises:
            EdgeError: the file cannot be written.
        """
        self.end(device_id)
        try:
            self._recorders[device_id] = Recorder(file)
        except OSError as error:
            raise EdgeError(f"{file} cannot be written: {error.strerror}") from error

    def end(self, device_id: str) -> bool:
        """End a recording; return whether it is whole: False when there was none, or it grew over its limit."""
        recorder = self._recorders.pop(device_id, None)
        if recorder is None:
            return False
        recorder.close()
        return not recorder.full
