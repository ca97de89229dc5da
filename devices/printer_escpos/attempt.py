"""One job on its way to paper: how far it has come, and what may be said of it."""

from devices.ports import JobOutcome, JobState, PrintJob, Progress


class Attempt:
    """How far one job has come; ``state`` is told to ``progress`` as it moves.

    Attributes:
        job: what is printed.
        state: the last state that was reached.
        proven: whether the printer has said that all of it is on paper.
    """

    def __init__(self, job: PrintJob, progress: Progress | None) -> None:
        self.job = job
        self._progress = progress
        self.state = JobState.QUEUED
        self.proven = False
        self.reach(JobState.QUEUED)

    def reach(self, state: JobState) -> None:
        """Move on to ``state``."""
        self.state = state
        if self._progress is not None:
            self._progress(state)

    def end(self, state: JobState, reason: str = "") -> JobOutcome:
        """End in ``state``."""
        self.reach(state)
        return JobOutcome(self.job.job_id, state, reason)

    def broken(self, reason: str) -> JobOutcome:
        """End without confirmation: certain failure only if nothing has left."""
        if self.state is JobState.QUEUED:
            return self.end(JobState.FAILED, reason)
        return self.end(JobState.UNKNOWN, f"{reason}; look at the paper before printing again")
