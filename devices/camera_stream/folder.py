"""Pictures in a folder, played as a camera."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devices.camera_stream.capture import PICTURES, Wish
from devices.errors import DeviceUnavailable
from devices.vision.picture import grey, read_bytes


class FolderCapture:
    """Pictures of a folder in the order of their names, again and again; or one picture, always."""

    def __init__(self, path: Path, wish: Wish) -> None:
        self._path, self._pause_s = path, 1 / wish.fps
        self._names = self._pictures()
        self._picture = next(self._names)
        self._given_up = threading.Event()

    def grab(self) -> None:
        """Turn to the next picture when its time has come."""
        if self._given_up.wait(self._pause_s):
            raise DeviceUnavailable(str(self._path), "given up")
        self._picture = next(self._names)

    def grey(self) -> Any:
        """Read the picture."""
        return grey(read_bytes(self._picture))

    def cancel(self) -> None:
        """Stop waiting."""
        self._given_up.set()

    def close(self) -> None:
        """Nothing is held open."""

    def _pictures(self) -> Iterator[Path]:
        while True:
            found = self._found()
            if not found:
                raise DeviceUnavailable(str(self._path), f"no picture there ({', '.join(PICTURES)})")
            yield from found

    def _found(self) -> list[Path]:
        try:
            files = sorted(self._path.iterdir()) if self._path.is_dir() else [self._path]
        except OSError as error:
            raise DeviceUnavailable(str(self._path), error.strerror or "cannot be read") from error
        return [file for file in files if file.suffix.lower() in PICTURES and file.is_file()]
