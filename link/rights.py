"""As whom and where the broker runs, and that it does not outlive us.

Under root it is started as user ``mosquitto`` and never holds root's rights, so its folder must be one that this user can reach; whoever
it is, it gets all the open files that the machine allows and dies with its parent, however that dies.
"""

import contextlib
import ctypes
import hashlib
import os
import pwd
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

RUN = Path("/run/shopwire")
"""Where the folders of root's brokers lie when their own are closed to the user ``mosquitto``."""
OWNER = "owner.pid"
_PR_SET_PDEATHSIG = 1


def user_to_run_as() -> pwd.struct_passwd | None:
    """Return whom the broker runs as when we are root; it is started as that user and never holds root's rights."""
    if os.geteuid() != 0:
        return None
    for name in ("mosquitto", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def reachable(directory: Path, user: pwd.struct_passwd | None) -> Path:
    """Return ``directory`` if ``user`` can get there, else a folder of its own under ``RUN``, the same each time."""
    directory = directory.absolute()
    if user is None or all(_may_enter(parent, user) for parent in directory.parents):
        return directory
    name = f"broker-{hashlib.sha256(str(directory).encode()).hexdigest()[:12]}"
    try:
        RUN.mkdir(exist_ok=True, mode=0o755)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="shopwire-broker-"))
    return RUN / name


def sweep() -> None:
    """Remove the folders under ``RUN`` of brokers whose parents were killed: they hold copies of server keys."""
    for owner in RUN.glob(f"broker-*/{OWNER}"):
        with contextlib.suppress(OSError, ValueError):
            if not Path(f"/proc/{int(owner.read_text())}").exists():
                shutil.rmtree(owner.parent, ignore_errors=True)


def _may_enter(directory: Path, user: pwd.struct_passwd) -> bool:
    if not directory.exists():
        return False  # it would be made closed to others
    status = directory.stat()
    return bool(status.st_mode & 0o001 or (status.st_uid == user.pw_uid and status.st_mode & 0o100))


def end_with(parent: int) -> Callable[[], None]:
    """Return what the child does between fork and exec: more open files, and SIGKILL when its parent dies, however it dies."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if prctl is not None:
            # After the change of user (Popen did it before us), for a change of user forgets this; that is also why Mosquitto
            # is not left to drop root's rights by itself.
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
