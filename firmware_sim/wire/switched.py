"""What is switched on and off: by hand, or with ``async with``."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Switched(ABC):
    """Something that runs between ``start`` and ``stop``."""

    @abstractmethod
    async def start(self) -> None:
        """Switch it on."""

    @abstractmethod
    async def stop(self) -> None:
        """Switch it off."""

    async def __aenter__(self) -> Self:
        """Switch it on."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""
        await self.stop()
