"""Who may send a frame now: limits on bytes, rate and number for the phones of a store. No clock, no I/O.

A phone is a stranger's computer. What it may cost is settled before its picture is looked at: one bucket of tokens a
session, one for all of them, few frames at work at once, and a table of sessions that does not grow.
"""

from collections import OrderedDict

import msgspec

from devices.errors import PictureRefused, TooManyFrames
from devices.token_bucket import TokenBucket
from devices.vision.voter import View

MAX_SESSION_NAME = 64
RETRY_S = 0.2


class IntakeLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What phones may send.

    Attributes:
        frame_bytes: of one frame's file.
        frame_pixels: of one frame, as its head says.
        session_fps: frames a second of one phone, in the long run.
        session_burst: frames that it may send at once after a pause.
        total_fps: frames a second of all phones together; 10 keep a small machine's core about a tenth busy.
        sessions: phones at once.
        idle_s: a session that sent nothing for so long may be forgotten.
        at_work: frames of all phones that may wait or be read at once.
    """

    frame_bytes: int = 2 * 1024 * 1024
    frame_pixels: int = 4_000_000
    session_fps: float = 5.0
    session_burst: int = 10
    total_fps: float = 20.0
    sessions: int = 64
    idle_s: float = 30.0
    at_work: int = 8

    def __post_init__(self) -> None:
        """Refuse limits that let nothing, or everything, pass."""
        for name, most in (
            ("frame_bytes", 16 << 20),
            ("frame_pixels", 40_000_000),
            ("sessions", 1024),
            ("at_work", 64),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} {getattr(self, name)} is not 1 to {most}")
        if not (0 < self.session_fps <= 60 and 0 < self.total_fps <= 240 and 1 <= self.session_burst <= 240):
            rates = f"session_fps {self.session_fps}, total_fps {self.total_fps}, session_burst {self.session_burst}"
            raise ValueError(f"{rates}: above 0, at most 60, 240 and 240")


class Session:
    """What is kept of one phone: its bucket, and what lies before its camera."""

    def __init__(self, limits: IntakeLimits, at_s: float) -> None:
        self.bucket = TokenBucket(limits.session_fps, limits.session_burst, at_s)
        self.view = View()
        self.seen_s = at_s
        self.busy = False


class Intake:
    """Admits frames or refuses them; the reading itself is its caller's."""

    def __init__(self, limits: IntakeLimits) -> None:
        self._limits = limits
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the one that was silent longest first
        self._all: TokenBucket | None = None
        self._at_work = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def admit(self, name: str, size_bytes: int, at_s: float) -> Session:
        """Take a frame of ``size_bytes`` that session ``name`` sent at ``at_s`` (monotonic seconds); ``done`` ends it.

        Raises:
            PictureRefused: too large, or a name that is none.
            TooManyFrames: over a rate, or over the number of phones or of frames at work.
        """
        limits = self._limits
        if not 1 <= len(name) <= MAX_SESSION_NAME or not name.isprintable():
            raise PictureRefused(f"session name of {len(name)} characters: 1 to {MAX_SESSION_NAME} printable ones")
        session = self._session(name, at_s)
        # Before the size: whoever sends what is refused has spent a token, too.
        if wait_s := session.bucket.take(at_s):
            raise TooManyFrames(f"this phone sends more than {limits.session_fps:g} frames a second", wait_s)
        if size_bytes > limits.frame_bytes:
            raise PictureRefused(
                f"frame of {size_bytes} bytes is over the limit of {limits.frame_bytes}: send a smaller one"
            )
        if session.busy or self._at_work >= limits.at_work:
            whose = "this phone's last frame is" if session.busy else f"{self._at_work} frames, the limit, are"
            raise TooManyFrames(f"{whose} still being read", RETRY_S)
        self._all = self._all or TokenBucket(limits.total_fps, limits.total_fps, at_s)
        if wait_s := self._all.take(at_s):
            raise TooManyFrames(f"all phones send more than {limits.total_fps:g} frames a second", wait_s)
        session.busy = True
        self._at_work += 1
        return session

    def done(self, session: Session) -> None:
        """Take back what ``admit`` gave: the frame was read, or was not readable."""
        session.busy = False
        self._at_work -= 1

    def _session(self, name: str, at_s: float) -> Session:
        session = self._sessions.get(name)
        if session is None:
            self._make_room(at_s)
            session = self._sessions[name] = Session(self._limits, at_s)
        session.seen_s = at_s
        self._sessions.move_to_end(name)
        return session

    def _make_room(self, at_s: float) -> None:
        if len(self._sessions) < self._limits.sessions:
            return
        name, oldest = next(iter(self._sessions.items()))
        silent_s = at_s - oldest.seen_s
        if silent_s < self._limits.idle_s or oldest.busy:
            wait_s = max(RETRY_S, self._limits.idle_s - silent_s)
            raise TooManyFrames(f"{self._limits.sessions} phones, the limit, are sending already", wait_s)
        del self._sessions[name]
