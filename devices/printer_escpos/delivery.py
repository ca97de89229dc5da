"""The bytes of a job on their way to the printer: what was begun goes out whole, unless a person throws it away."""

import asyncio

from devices.errors import DeviceUnavailable
from devices.printer_escpos.session import Session


class Delivery:
    """Hands one job over at a time, and remembers the last one: it may still be going out when its own time is over."""

    def __init__(self, device_id: str) -> None:
        self._device_id = device_id
        self._sending: asyncio.Task[None] | None = None
        self._dropped = asyncio.Event()

    @property
    def under_way(self) -> bool:
        """Whether bytes of a job are still going out."""
        return self._sending is not None and not self._sending.done()

    @property
    def dropped(self) -> bool:
        """Whether a person has thrown the job away."""
        return self._dropped.is_set()

    def begin(self, session: Session, job_id: str, parts: list[bytes]) -> None:
        """Begin to hand over ``parts``, and the marker that proves the job.

        Raises:
            DeviceUnavailable: the printer was lost this very moment.
        """
        self._dropped.clear()
        # The connection's task and not the job's: half a picture would take the next receipt's first bytes for its own.
        work = _whole(session, job_id, parts)
        try:
            self._sending = session.tasks.create_task(work)
        except RuntimeError as ending:  # its group takes nothing any more
            work.close()
            raise DeviceUnavailable(self._device_id, session.over or "the connection was lost") from ending

    async def until_sent(self, session: Session) -> None:
        """Wait until all is handed over; a person who throws the job away ends it.

        Raises:
            DeviceUnavailable: thrown away, or the printer is lost.
        """
        sending = self._sending
        assert sending is not None  # noqa: S101 - begun before
        ends = [asyncio.ensure_future(each) for each in (self._dropped.wait(), session.until_ended())]
        try:
            await asyncio.wait({sending, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ends:
                each.cancel()
        if self.dropped:
            sending.cancel()
            raise DeviceUnavailable(self._device_id, "the job was thrown away by a person")
        if not sending.done() or sending.cancelled() or sending.exception() is not None:
            raise DeviceUnavailable(self._device_id, session.over or "the connection was lost")

    def drop(self) -> None:
        """Throw the job away, also one that has ended without confirmation."""
        self._dropped.set()
        if self._sending is not None:
            self._sending.cancel()


async def _whole(session: Session, job_id: str, parts: list[bytes]) -> None:
    await session.send(parts)
    await session.write(session.expect(job_id))
