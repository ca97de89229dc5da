"""Tables of models: what differs between devices of one protocol, as data in a TOML file beside the driver."""

from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from devices.errors import DeviceMisconfigured

M = TypeVar("M")


class Models(Generic[M]):
    """The models of one kind of device; the file is read when the first is asked for."""

    def __init__(self, path: Path, of: type[M], what: str) -> None:
        """Take a file of one table a model.

        Args:
            path: the file.
            of: a struct that says what a table may hold, and refuses what cannot be.
            what: the words for it in messages, such as ``relay board``.
        """
        self._path, self._of, self._what = path, of, what

    @cached_property
    def all(self) -> dict[str, M]:
        """Every model by its name."""
        return msgspec.toml.decode(self._path.read_bytes(), type=dict[str, self._of])  # type: ignore[name-defined]

    def named(self, name: str) -> M:
        """Return one model.

        Raises:
            DeviceMisconfigured: there is no such model; the message lists those there are.
        """
        try:
            return self.all[name]
        except KeyError:
            known = ", ".join(sorted(self.all))
            raise DeviceMisconfigured(f"{self._what} {name!r} is not one of {known}") from None
