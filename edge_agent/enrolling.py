"""Enrolling this box: first the empty journal, then the identity, so that a missing journal is always a loss."""

from pathlib import Path

from edge_agent.bootstrap import new_database, software
from edge_agent.data_dir import DataDir
from edge_agent.db.writer import Writer
from link.enrolment import decode_code, enrol
from link.identity import EdgeCard


def enrol_edge(code: str, data_dir: Path, *, new_epoch: bool = False) -> EdgeCard:
    """Give the box in ``data_dir`` the identity that ``code`` stands for; an existing journal stays.

    Raises:
        AlreadyRunning: an agent works here now.
        DatabaseMissing: this box was enrolled before and its journal is gone.
        IdentityRefused, EnrolmentFailed: the code or headquarters says no.
    """
    wanted = decode_code(code)
    data = DataDir(data_dir)
    data.lock()
    writer = Writer()
    try:
        new_database(data, writer, wanted.edge, new_epoch=new_epoch)
        return enrol(code, data.identity, software=software())
    finally:
        writer.close()
        data.unlock()
