"""Mosquitto as a child process: own configuration, mutual TLS, the ACL of the house; it dies with its parent.

    with Broker(Path("broker"), tls=BrokerTls(made.authority, made.chain, made.key, authority.crl_file)) as broker:
        connect_to("127.0.0.1", broker.port)
        broker.reload()                      # after a revocation or a renewal of its certificate

As a process: ``python -m link.broker --directory D --ca CA`` prints ``{"port": N, …}`` when ready and serves until SIGTERM; SIGHUP reloads.

The broker keeps nothing that matters (facts wait in the stores until headquarters has them), so its folder may be lost at any time.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from link.errors import BrokerFailed
from link.files import write_durably
from link.mosquitto import BrokerTls, acl_text, configuration
from link.rights import OWNER, RUN, end_with, reachable, sweep, user_to_run_as
from link.transport import is_loopback_address

_PROGRAM = "mosquitto"
_LOG_TAIL_BYTES = 2000
_LOG_KEPT_BYTES = 8 * 1024 * 1024
_POLL_S = 0.01


class Broker:
    """One Mosquitto child; a context manager.

    Start it from a thread that lives as long as the broker shall: Linux ends the child with the *thread* that made it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        bind: str = "127.0.0.1",
        tls: BrokerTls | None = None,
        persistence: bool = False,
    ) -> None:
        """Keep what to run; nothing is started yet.

        Args:
            directory: for configuration, ACL, log and copies of the TLS files. Under root the broker runs as user ``mosquitto``; when that
                user cannot reach ``directory``, a folder under ``/run/shopwire`` is used instead (see ``directory`` afterwards).
            port: 0 takes a free one at the first start and keeps it.
            bind: address to listen on; without ``tls`` only a loopback address.
            tls: the listener's files; None = plain MQTT without names, for tests and demonstrations on one machine.
            persistence: let Mosquitto write its queue to disk now and then (no promise rests on it).

        Raises:
            ValueError: plain MQTT was asked for on an address that others can reach.
        """
        if tls is None and not is_loopback_address(bind):
            raise ValueError(f"bind {bind!r} without TLS: plain MQTT is only for a loopback address such as 127.0.0.1")
        self.port, self.bind = port, bind
        self._tls, self._persistence = tls, persistence
        self._muted: frozenset[str] = frozenset()
        self._user = user_to_run_as()
        self.directory = reachable(directory, self._user)
        self._free_port = port == 0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        """The configuration file that the child reads."""
        return self.directory / "mosquitto.conf"

    @property
    def log_file(self) -> Path:
        """Where Mosquitto's own words go."""
        return self.directory / "mosquitto.log"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self, timeout_s: float = 10.0) -> None:
        """Start the child and return when it takes connections (about 50 ms).

        Raises:
            BrokerFailed: no Mosquitto on this machine, or it ended or did not answer; the message has port, configuration and log.
        """
        if self.pid is not None:
            return
        program = _program(self)
        for attempt in range(5):
            if self._free_port:
                self.port = _free_port(self.bind)
            self._lay_out()
            self._child = self._spawn(program)
            if self._answers(timeout_s):
                self._free_port = False
                return
            taken = "Address already in use" in self.log_tail()
            if not (self._free_port and taken and attempt < 4):  # somebody was quicker: try the next free one
                break
        raise self._failed("Mosquitto did not start")

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the child in peace, by force after ``timeout_s``."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._child = None
        if self.directory.parent == RUN:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """End the child with SIGKILL, as a crash would; ``start`` brings it back on the same port."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def restart(self) -> None:
        """Stop and start: every client must prove itself anew (a revoked one that is connected now is thrown out)."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Re-read certificate, key, revocation list and ACL (SIGHUP); open connections stay, ``max_qos`` is lost until a restart.

        Mosquitto 2.0.11 does re-read the revocation list (tests/integration/link/test_broker.py); it judges new connections only.

        Raises:
            BrokerFailed: the child is not running.
        """
        if self._child is None or self._child.poll() is not None:
            raise self._failed("Mosquitto is not running and cannot reload")
        self._lay_out()
        self._child.send_signal(signal.SIGHUP)

    def mute(self, edges: Collection[str]) -> None:
        """Take nothing from these edges any more, and again from all others; for one that publishes without end.

        Everybody connects anew: what the flood has left in the broker's memory goes with it, and a mere reload would lose ``max_qos``
        (Mosquitto 2.0.11; tests/integration/link/test_broker.py).

        Raises:
            BrokerFailed: it does not come back.
        """
        self._muted = frozenset(edges)
        self.restart()

    def log_tail(self) -> str:
        """Return the end of Mosquitto's log."""
        with contextlib.suppress(OSError):
            return self.log_file.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
        return ""

    def _lay_out(self) -> None:
        # A root that runs it, a folder of its user: the copies of the key are readable for nobody else.
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_KEPT_BYTES:
            self.log_file.unlink()
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.directory.parent == RUN:
            write_durably(self.directory / OWNER, str(os.getpid()))  # first: a broker that comes back is not swept
            sweep()
        tls = None if self._tls is None else self._own_copies(self._tls)
        text = configuration(
            directory=self.directory, bind=self.bind, port=self.port, tls=tls, persistence=self._persistence
        )
        muted = "".join(f"\nuser {name}\ntopic deny shopwire/v1/+/{name}/#\n" for name in sorted(self._muted))
        write_durably(self.directory / "acl", acl_text() + muted)
        write_durably(self.config, text)
        if self._user is not None:
            for path in (self.directory, self.directory / "acl", self.config, *(tls or ())):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _own_copies(self, tls: BrokerTls) -> BrokerTls:
        for name, source in tls._asdict().items():
            write_durably(self.directory / f"{name}.pem", source.read_bytes())
        return BrokerTls(*(self.directory / f"{name}.pem" for name in BrokerTls._fields))

    def _spawn(self, program: str) -> subprocess.Popen[bytes]:
        user = self._user
        with self.log_file.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the program found on PATH and a file of our own
                [program, "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
                preexec_fn=end_with(os.getpid()),
            )

    def _answers(self, timeout_s: float) -> bool:
        assert self._child is not None  # noqa: S101 - just spawned
        deadline = time.monotonic() + timeout_s
        while self._child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((self.bind, self.port), timeout=1.0):
                # Somebody else's listener would answer too; ours is alive only if the child still is.
                return self._child.poll() is None
            time.sleep(_POLL_S)
        self.kill()
        return False

    def _failed(self, what: str) -> BrokerFailed:
        return BrokerFailed(what, port=self.port, config=self.config, log_tail=self.log_tail())


def _program(broker: Broker) -> str:
    found = shutil.which(_PROGRAM, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        what = "the program mosquitto is not installed: apt install mosquitto (or name a broker in the settings)"
        raise BrokerFailed(what, port=broker.port, config=broker.config, log_tail="")
    return found


def _free_port(bind: str) -> int:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((bind, 0))
        port: int = probe.getsockname()[1]
    return port


def _from_arguments() -> Broker:
    parser = argparse.ArgumentParser(prog="python -m link.broker", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--directory", type=Path, required=True, help="for configuration, log and copies of keys")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--ca", type=Path, help="directory of the certificate authority (made when empty); none = plain MQTT"
    )
    parser.add_argument("--name", action="append", default=[], help="name or address by which clients call the broker")
    parser.add_argument("--persistence", action="store_true", help="let Mosquitto write its queue to disk now and then")
    given = parser.parse_args()
    tls = None
    if given.ca is not None:
        from link.certificates import CertificateAuthority  # 15 MB that plain MQTT does not need

        authority = CertificateAuthority(given.ca)
        made = authority.ensure_server(given.ca / "broker", [given.bind, "localhost", *given.name])
        tls = BrokerTls(made.authority, made.chain, made.key, authority.crl_file)
    return Broker(given.directory, port=given.port, bind=given.bind, tls=tls, persistence=given.persistence)


def main() -> None:
    """Run one broker until SIGTERM or SIGINT; SIGHUP reloads."""
    broker = _from_arguments()
    wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    with broker:
        ready = {"port": broker.port, "pid": broker.pid, "config": str(broker.config)}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        while (got := signal.sigwait(wanted)) in {signal.SIGHUP, signal.SIGCHLD}:
            if got == signal.SIGHUP or broker.pid is None:
                broker.reload()  # BrokerFailed with the log when the child has died


if __name__ == "__main__":
    main()
