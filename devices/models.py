"""Tables of models: what differs between devices of one protocol, as data in a TOML file beside the driver."""

from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from devices.errors import DeviceMisconfigured

M = TypeVar("M")


class Models(Generic[M]):
    """The models of one kind of device; the files are read when the first is asked for."""

    def __init__(
        self, path: Path, of: type[M], what: str, *, more: Path | None = None, beside: tuple[str, ...] = ()
    ) -> None:
        """Take a file of one table a model.

        Args:
            path: the file.
            of: a struct that says what a table may hold, and refuses what cannot be.
            what: the words for it in messages, such as ``relay board``.
            more: another file, such as the shop's own, whose models may replace those of the first.
            beside: what may stand in the settings instead of a model, for messages.
        """
        self._paths = (path,) if more is None else (path, more)
        self._of, self._what, self._beside = of, what, beside

    @cached_property
    def all(self) -> dict[str, M]:
        """Every model by its name.

        Raises:
            DeviceMisconfigured: a file that cannot be read, or that holds what no model is.
        """
        return {name: model for path in self._paths for name, model in self._read(path).items()}

    def named(self, name: str) -> M:
        """Return one model.

        Raises:
            DeviceMisconfigured: there is no such model; the message lists those there are.
        """
        try:
            return self.all[name]
        except KeyError:
            known = ", ".join([*self._beside, *sorted(self.all)])
            raise DeviceMisconfigured(f"{self._what} {name!r} is not one of {known}") from None

    def _read(self, path: Path) -> dict[str, M]:
        try:
            return msgspec.toml.decode(path.read_bytes(), type=dict[str, self._of])  # type: ignore[name-defined]
        except OSError as error:
            raise DeviceMisconfigured(f"file of {self._what}s {path} cannot be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise DeviceMisconfigured(f"file of {self._what}s {path}: {error}") from error
