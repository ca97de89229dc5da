"""The live camera: opens it, keeps looking at its newest frame, loses it, finds it again, and yields codes as a scanner does."""

import asyncio
import contextlib
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from devices.backoff import Backoff
from devices.camera_stream.capture import Capture, Wish, open_capture
from devices.camera_stream.grabber import Frame, Grabber
from devices.camera_stream.scene import Scene, Stillness
from devices.camera_stream.source import parse_source
from devices.errors import DeviceError, DeviceIncapable, DeviceMisconfigured, DeviceUnavailable, PictureRefused
from devices.health import HasHealth
from devices.ports.camera import Known
from devices.ports.device import Health
from devices.ports.scanner import Scan, ScannerAbilities
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings
from devices.vision.codes import Reading
from devices.vision.picture import vision_module
from devices.vision.voter import NEED, View

if TYPE_CHECKING:
    from devices.vision.reader import FrameReader

QUEUED_SCANS = 64
MAX_STUCK = 2
"""Threads of one camera that may hang in its driver; with so many the camera is not opened again until one comes back."""
GRACE_S = 1.0  # less than the edge waits for a driver that it ends
FIRST_FRAME_TIMES = 2  # a camera that is opened finds its exposure, or its first key frame
READ_DEADLINE_S = 10.0
IDLE_FPS = 4.0
"""Looks a second at a scene in which nothing moves: a tenth of a second later to a new item, and a quarter of the work all day."""
KNOWN_DEADLINE_S = 0.5
REMEMBERED_TEXTS = 256
ANSWER_HOLDS_S = 60.0  # a new price list may know more

_Result = TypeVar("_Result")


class CameraOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the camera is set up.

    Attributes:
        width, height: pixels that are asked for; 0 leaves them to the camera.
        fps: frames a second that are asked for, and the most that are looked at.
        fourcc: how a USB camera sends; empty leaves it to the camera.
        codes: families of codes to read, separated by commas, such as ``EAN13,QR``; empty means all.
        stall_s: so long without a usable frame, and the camera is lost and opened again.
        frozen_s: so long the very same picture, and the camera counts as frozen; 0 never: compression makes still scenes the same.
        credentials_file: holds ``user:password`` of a network camera, so that no secret stands in the settings.
    """

    width: int = 1280
    height: int = 720
    fps: int = 15
    fourcc: str = "MJPG"
    codes: str = ""
    stall_s: float = 5.0
    frozen_s: float = 0.0
    credentials_file: str = ""

    def __post_init__(self) -> None:
        """Refuse what no camera can do."""
        if not 1 <= self.fps <= 60:
            raise ValueError(f"fps {self.fps} is not 1 to 60")
        if not 0 <= self.width <= 4096 or not 0 <= self.height <= 4096:
            raise ValueError(f"width {self.width} or height {self.height} is not 0 to 4096")
        if len(self.fourcc) not in (0, 4) or not self.fourcc.isascii():
            raise ValueError(f"fourcc {self.fourcc!r} is not four letters such as MJPG or YUYV")
        if not 0.2 <= self.stall_s <= 10 or self.frozen_s < 0:
            raise ValueError(f"stall_s {self.stall_s} (0.2 to 10) or frozen_s {self.frozen_s} (0 or more)")
        if unknown := self.families - NEED.keys():
            raise ValueError(f"codes {', '.join(sorted(unknown))}: known are {', '.join(sorted(NEED))}")

    @property
    def families(self) -> frozenset[str]:
        """The families that are read."""
        named = frozenset(name.strip().upper() for name in self.codes.split(",") if name.strip())
        return named or frozenset(NEED)


class StreamCamera(HasHealth):
    """A camera that reads what passes before it. Each code is told once, and again when it has left the view.

    Attributes:
        counts: frames that ``came``, of them ``dropped``, ``refused``, ``unchanged``, ``ignored`` (disabled) and ``read``;
            how often it was ``opened``; threads that were ever ``stuck``.
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        options: CameraOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        self._options, self._around = options or CameraOptions(), around or Surroundings()
        self._address, self._credentials = address, _credentials(device_id, self._options.credentials_file)
        if not address.startswith("usb:"):
            parse_source(address, self._credentials)
        super().__init__(device_id, self._around.report)
        self._backoff = backoff or Backoff(cap_s=5.0)
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(maxsize=QUEUED_SCANS)
        self._left: list[Grabber] = []
        self._stillness = Stillness(self._options.frozen_s)
        self._known: Known | None = None
        self._enabled = True
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._view = View(known=self._is_known)
        self.counts: Counter[str] = Counter()

    @property
    def stuck(self) -> int:
        """How many threads hang in the camera's driver now; never above ``MAX_STUCK``."""
        self._left = [grabber for grabber in self._left if grabber.running]
        return len(self._left)

    @property
    def in_view(self) -> frozenset[str]:
        """The codes that were told and have not left."""
        return self._view.here

    def ask_known(self, known: Known | None) -> None:
        """Take who knows the store's articles; see ``LiveCamera``."""
        self._known = known
        self._answers.clear()

    @property
    def can(self) -> ScannerAbilities:
        """It can be told to look away, and nothing else."""
        return ScannerAbilities(enable=True)

    async def enable(self) -> None:
        """Read what is seen."""
        self._enabled = True

    async def disable(self) -> None:
        """Let frames pass unread; the camera stays open and watched."""
        self._enabled = False

    async def beep(self, *, good: bool) -> None:
        """Refuse: a camera has no voice."""
        raise DeviceIncapable(self.device_id, "beep")

    async def trigger(self, *, on: bool) -> None:
        """Refuse: a camera always looks; see ``enable``."""
        raise DeviceIncapable(self.device_id, "be triggered" if on else "be let go")

    async def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield the codes in the order in which they were believed."""
        while True:
            yield await self._scans.get()

    async def run(self) -> None:
        """Look until cancelled; an absent, dead or frozen camera is opened again and again."""
        while True:
            try:
                await self._attempt()
            except _Frozen as frozen:
                self.health.set(Health.DEGRADED, str(frozen))
            except DeviceUnavailable as lost:
                self.health.set(Health.ABSENT, lost.reason)
            except DeviceError as failed:
                self.health.set(Health.FAILED, str(failed))
            await self._around.arrivals.wait(self._backoff.wait_s())

    async def _attempt(self) -> None:
        if self.stuck >= MAX_STUCK:
            # Their number is the bound: another opening of a driver that hangs would cost another thread.
            hangs = f"{MAX_STUCK} reads never came back: unplug the camera and plug it in again"
            raise DeviceUnavailable(self.device_id, hangs)
        self.counts["opened"] += 1
        grabber = Grabber(self.device_id, self._open, self._options.fps, self.counts)
        worker = ThreadPoolExecutor(1, thread_name_prefix=f"reader:{self.device_id}")
        try:
            reader = await _in(worker, _load_reader)
            await self._look(grabber, worker, reader)
        finally:
            worker.shutdown(wait=False, cancel_futures=True)
            if not await grabber.let_go(GRACE_S):
                self._left.append(grabber)
                self.counts["stuck"] += 1

    def _open(self) -> Capture:
        options = self._options
        source = parse_source(self._around.resolve(self._address), self._credentials)
        wish = Wish(options.width, options.height, options.fps, options.fourcc, options.stall_s)
        return open_capture(source, wish)

    async def _look(self, grabber: Grabber, worker: ThreadPoolExecutor, reader: "FrameReader") -> None:
        scene, patience_s = Scene(), FIRST_FRAME_TIMES * self._options.stall_s
        while True:
            frame = await grabber.newest(patience_s)
            patience_s = self._options.stall_s
            self._alive(frame)
            if not self._enabled:
                self.counts["ignored"] += 1
            elif scene.worth_reading(frame.grey, frame.taken_s):
                self.counts["read"] += 1
                await self._take(await self._read(worker, reader, frame), frame)
            else:
                self.counts["unchanged"] += 1
            idle = scene.settled or not self._enabled
            grabber.look_at(min(IDLE_FPS, self._options.fps) if idle else self._options.fps)

    def _alive(self, frame: Frame) -> None:
        if self._stillness.too_long(frame.grey, frame.taken_s):
            raise _Frozen(f"the very same picture for {self._options.frozen_s:g} s: covered, dark or frozen")
        if not self._stillness.frozen:
            self._backoff.reset()
            self.health.set(Health.OK)

    async def _read(self, worker: ThreadPoolExecutor, reader: "FrameReader", frame: Frame) -> list[Reading]:
        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                return await _in(worker, reader.feed, frame.grey)
        except PictureRefused:
            self.counts["refused"] += 1
            return []
        except TimeoutError as error:
            raise DeviceUnavailable(
                self.device_id, f"one frame was read for more than {READ_DEADLINE_S:g} s"
            ) from error

    async def _take(self, readings: Sequence[Reading], frame: Frame) -> None:
        wanted = [reading for reading in readings if reading.family in self._options.families]
        for reading in wanted:
            await self._learn(reading.text)
        for reading in self._view.add(wanted, frame.taken_s):
            # A full queue waits here: frames are dropped meanwhile, codes never.
            await self._scans.put(Scan(reading.text, reading.symbology, time.monotonic()))

    async def _learn(self, text: str) -> None:
        """Ask whether ``text`` is an article, unless the answer is fresh; who does not answer in time knows nothing."""
        asked = self._answers.get(text)
        now = time.monotonic()
        if self._known is None or (asked is not None and now < asked.until_s):
            return
        answer = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_DEADLINE_S):
                answer = await self._known(text)
        self._answers[text] = _Answer(answer, now + ANSWER_HOLDS_S)
        self._answers.move_to_end(text)
        while len(self._answers) > REMEMBERED_TEXTS:
            self._answers.popitem(last=False)

    def _is_known(self, text: str) -> bool:
        answer = self._answers.get(text)
        return answer is not None and answer.known


class _Frozen(Exception):
    """Frames come, and all of them are the same."""


class _Answer(NamedTuple):
    known: bool
    until_s: float


def _credentials(device_id: str, file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DeviceMisconfigured(f"device {device_id}: credentials_file {file} cannot be read: {said}") from error


def _load_reader() -> "FrameReader":
    for module in ("numpy", "cv2"):
        vision_module(module)
    from devices.vision.reader import FrameReader  # here, in the thread: numpy and OpenCV come with it

    return FrameReader()


async def _in(worker: ThreadPoolExecutor, what: Callable[..., _Result], *args: Any) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(worker, what, *args)


def build(settings: DeviceSettings, around: Surroundings) -> StreamCamera:
    """Return the driver of one entry of the settings."""
    return StreamCamera(settings.device_id, settings.address, options_of(settings, CameraOptions), around)
