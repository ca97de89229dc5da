"""Jobs that ended without confirmation, and the news of those that are on paper after all."""

import asyncio
from collections import OrderedDict

from devices.ports import JobOutcome, JobState
from devices.printer_escpos.proof import MAX_OPEN


class OpenEnds:
    """The last ``MAX_OPEN`` jobs of one printer of which nobody knows."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, None] = OrderedDict()
        self._news: asyncio.Queue[JobOutcome] = asyncio.Queue(maxsize=MAX_OPEN)

    def leave(self, job_id: str) -> None:
        """Remember a job that ended unknown."""
        self._jobs[job_id] = None
        if len(self._jobs) > MAX_OPEN:
            self._jobs.popitem(last=False)

    def prove(self, job_id: str) -> None:
        """Take the proof of a job; of one that did not end unknown it is no news."""
        if job_id not in self._jobs:
            return
        del self._jobs[job_id]
        if not self._news.full():
            self._news.put_nowait(JobOutcome(job_id, JobState.PRINTED, "confirmed late"))

    async def next(self) -> JobOutcome:
        """Wait for the next job that is known to be printed after all."""
        return await self._news.get()
