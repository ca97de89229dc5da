"""Print jobs on disk: a receipt that was not seen to be printed is asked about, never assumed."""

import sqlite3

from edge_agent.ports import PrintJob, PrintState

_COLUMNS = "sale_number, copy, state, reason"


class SqlitePrintJobs:
    """``ports.PrintJobs`` in one table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def queue(self, sale_number: int) -> None:
        """Add the job of a receipt that was never printed."""
        self._db.execute("INSERT INTO print_job (sale_number, copy, state) VALUES (?, 0, 'queued')", (sale_number,))

    def queue_copy(self, sale_number: int) -> PrintJob:
        """Add the job of the receipt's next copy."""
        (copy,) = self._db.execute(
            "INSERT INTO print_job (sale_number, copy, state) "
            "SELECT ?1, coalesce(max(copy) + 1, 0), 'queued' FROM print_job WHERE sale_number = ?1 RETURNING copy",
            (sale_number,),
        ).fetchone()
        return PrintJob(sale_number, copy, "queued", "")

    def last_of(self, sale_number: int) -> PrintJob | None:
        """Return the latest job of a sale."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM print_job WHERE sale_number = ? ORDER BY copy DESC LIMIT 1",  # noqa: S608 - ours
            (sale_number,),
        ).fetchone()
        return PrintJob._make(row) if row else None

    def next_queued(self) -> PrintJob | None:
        """Return the oldest job that waits."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM print_job WHERE state = 'queued' ORDER BY sale_number, copy LIMIT 1"  # noqa: S608 - ours
        ).fetchone()
        return PrintJob._make(row) if row else None

    def set_state(self, sale_number: int, copy: int, state: PrintState, reason: str = "") -> None:
        """Move a job on; "sent" that is heard after the outcome changes nothing, and nothing unprints what is on paper."""
        before = {"sent": " AND state = 'sending'", "unknown": " AND state <> 'printed'"}.get(state, "")
        self._db.execute(
            f"UPDATE print_job SET state = ?, reason = ? WHERE sale_number = ? AND copy = ?{before}",  # noqa: S608 - ours
            (state, reason, sale_number, copy),
        )

    def interrupted(self) -> None:
        """After a start: what was on its way when the process ended has an unknown outcome."""
        self._db.execute(
            "UPDATE print_job SET state = 'unknown', reason = 'the agent ended while it was on its way' "
            "WHERE state IN ('sending', 'sent')"
        )
