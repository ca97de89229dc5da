"""Files that survive a power cut: whole or not at all, and closed to others from the first byte."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644


def write_durably(path: Path, content: bytes | str, *, mode: int = PRIVATE) -> None:
    """Put ``content`` at ``path``: after a power cut the old content is there or the new one, never a part.

    Raises:
        OSError: the disk or the permissions say no; the old content stays.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(number, "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
            out.flush()
            os.fchmod(out.fileno(), mode)  # whatever the umask says
            os.fsync(out.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold the lock of ``directory`` for the block; other threads and processes that ask for it wait."""
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def sync_directory(directory: Path) -> None:
    """Make renames in ``directory`` durable."""
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
