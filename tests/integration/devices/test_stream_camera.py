"""Live cameras that hang, flood, freeze and come back: the newest frame only, bounded threads and memory, a quiet log."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from PIL import Image

from devices.backoff import Backoff
from devices.camera_stream import driver
from devices.camera_stream.capture import Wish, open_capture
from devices.camera_stream.driver import MAX_STUCK, CameraOptions, StreamCamera
from devices.camera_stream.grabber import Grabber
from devices.camera_stream.source import parse_source
from devices.errors import DeviceUnavailable, PictureRefused
from devices.ports import Health
from devices.vision.codes import Reading
from firmware_sim.camera import CameraSim
from tests.budget import LONG
from tests.waiting import HANG_S, until

np = pytest.importorskip("numpy")
cv2 = pytest.importorskip("cv2")
pytest.importorskip("zxingcpp")

TEA, RICE = "6901234567892", "9780764544200"
PATIENT = CameraOptions(fps=30, stall_s=10)
QUICK = CameraOptions(fps=30, stall_s=0.5)
"""For tests that wait until a camera is given up; any other would take a pause of its own process for a camera's silence."""


def camera_on(address: str, options: CameraOptions = PATIENT) -> StreamCamera:
    return StreamCamera("camera-1", address, options, backoff=Backoff(0.01, 0.05))


@asynccontextmanager
async def running(*cameras: StreamCamera) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(camera.run()) for camera in cameras]
        yield
        for run in runs:
            run.cancel()


async def until_health(camera: StreamCamera, health: Health, within_s: float = HANG_S) -> None:
    await until(lambda: camera.state.health is health, within_s)


async def next_code(camera: StreamCamera) -> str:
    async with asyncio.timeout(HANG_S):
        return (await anext(aiter(camera))).data


def picture(level: int, size: tuple[int, int] = (64, 48)) -> Any:
    return np.full(size[::-1], level, np.uint8)


class Reel:
    """A camera played by hand: ``play`` gives it a frame; ``hung`` lets its next read never come back, until ``release``."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.hung = False
        self.opened = self.closed = 0
        self._more = threading.Condition()
        self._released = threading.Event()
        self._frame: Any = None

    def open(self, *_: object) -> "Reel":
        self.opened += 1
        return self

    def play(self, *frames: Any) -> None:
        with self._more:
            self.frames += frames
            self._more.notify_all()

    def release(self) -> None:
        self._released.set()

    def grab(self) -> None:
        if self.hung:
            self._released.wait()
            raise DeviceUnavailable("reel", "came back at last")
        with self._more:
            if not self._more.wait_for(lambda: self.frames, timeout=0.02):
                raise PictureRefused("nothing came")  # as a camera that sends what is no picture
            self._frame = self.frames.pop(0)

    def grey(self) -> Any:
        return self._frame

    def cancel(self) -> None:
        """As OpenCV: nothing ends its wait."""

    def close(self) -> None:
        self.closed += 1


class Eye:
    """A reader that sees in a frame what its brightness stands for."""

    def __init__(self, seen: dict[int, list[Reading]]) -> None:
        self.seen, self.looked = seen, 0

    def feed(self, frame: Any) -> list[Reading]:
        self.looked += 1
        return self.seen.get(int(frame[0, 0]), [])


async def one_look(reel: Reel, eye: Eye) -> None:
    """Play one frame at a camera's pace, for what comes faster is dropped, and wait until it was looked at."""
    await asyncio.sleep(1 / PATIENT.fps)
    looked = eye.looked
    reel.play(picture(100))
    await until(lambda: eye.looked > looked)


@pytest.fixture
def reel(monkeypatch: pytest.MonkeyPatch) -> Reel:
    reel = Reel()
    monkeypatch.setattr(driver, "open_capture", reel.open)
    return reel


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def camera_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("camera:")]


async def test_only_the_newest_frame_is_kept_and_what_it_replaced_is_counted() -> None:
    reel, counts = Reel(), Counter[str]()
    reel.play(*(picture(level) for level in range(8)))
    grabber = Grabber("c", reel.open, 1000, counts)
    await until(lambda: counts["came"] == 8)
    frame = await grabber.newest(HANG_S)
    assert frame.grey[0, 0] == 7
    assert counts["dropped"] == 7
    with pytest.raises(DeviceUnavailable, match=r"no frame within 0\.05 s; the last one was refused: nothing came"):
        await grabber.newest(0.05)
    assert await grabber.let_go(HANG_S)
    assert reel.closed == 1


async def test_a_camera_that_is_too_fast_is_looked_at_no_faster_than_its_rate() -> None:
    async with CameraSim(size=(320, 240), fps=100) as sim:
        counts = Counter[str]()
        grabber = Grabber("c", lambda: open_capture(parse_source(sim.address), Wish()), 10, counts)
        taken_s = [(await grabber.newest(HANG_S)).taken_s for _ in range(5)]
        assert taken_s[-1] - taken_s[0] > 2 / 10  # a late one may be followed at once by the next
        assert counts["dropped"] > 0
        assert await grabber.let_go(HANG_S)


async def test_a_read_that_never_comes_back_is_abandoned_counted_and_bounded(reel: Reel) -> None:
    camera = camera_on("rtsp://10.0.0.9/x", CameraOptions(fps=30, stall_s=0.2))
    with structlog.testing.capture_logs() as logs:
        async with running(camera):
            reel.play(picture(1))
            await until_health(camera, Health.OK)
            reel.hung = True
            await until(lambda: "never came back" in camera.state.reason)
            assert camera.stuck == MAX_STUCK
            assert camera.counts["stuck"] == MAX_STUCK
            assert camera.state.health is Health.ABSENT
            opened = reel.opened
            await asyncio.sleep(0.2)
            assert reel.opened == opened  # no third thread for a driver that swallows them
            reel.hung = False
            reel.release()
            await until(lambda: camera.stuck == 0)
            reel.play(picture(2))
            await until_health(camera, Health.OK)
            told = [log["event"] for log in logs if log["log_level"] != "debug"]  # before it misses the next frame
    assert told == ["device_lost", "device_recovered"]
    await until(lambda: not camera_threads())


async def test_two_cameras_one_dead_the_other_reads(reel: Reel, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(source: Any, wish: Wish) -> Any:
        return reel.open() if source.target.startswith("rtsp") else open_capture(source, wish)

    monkeypatch.setattr(driver, "open_capture", opened)
    reel.hung = True
    async with CameraSim(size=(960, 540)) as sim:
        dead, alive = camera_on("rtsp://10.0.0.9/x", QUICK), camera_on(sim.address)
        async with running(dead, alive):
            await until(lambda: dead.counts["stuck"] == MAX_STUCK)
            sim.handle({"show": [TEA]})
            assert await next_code(alive) == TEA
            assert not dead.state.health.works
            reel.release()
    await until(lambda: not camera_threads())


async def test_the_event_loop_never_waits_for_a_decoder(reel: Reel, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, seen = threading.Event(), threading.Event()

    class Slow:
        def feed(self, _: Any) -> list[Reading]:
            looking.set()
            seen.wait(10)
            return [Reading("QR", "late", "]Q1")]

    monkeypatch.setattr(driver, "_load_reader", Slow)
    camera = camera_on("rtsp://10.0.0.9/x")
    async with running(camera):
        reel.play(picture(1))
        await until(looking.is_set)  # this loop turns while the decoder works
        seen.set()
        assert await next_code(camera) == "late"


@pytest.mark.parametrize(("known", "frames"), [(True, 2), (False, 3)])
async def test_a_known_article_is_believed_after_fewer_frames(
    reel: Reel, monkeypatch: pytest.MonkeyPatch, known: bool, frames: int
) -> None:
    eye = Eye({100: [Reading("EAN13", TEA, "]E0")]})
    monkeypatch.setattr(driver, "_load_reader", lambda: eye)
    asked: list[str] = []

    async def is_article(text: str) -> bool:
        asked.append(text)
        return known

    camera = camera_on("rtsp://10.0.0.9/x")
    camera.ask_known(is_article)
    async with running(camera):
        for _ in range(frames - 1):
            await one_look(reel, eye)
        assert not camera.in_view
        await one_look(reel, eye)
        assert await next_code(camera) == TEA
    assert eye.looked == frames
    assert asked == [TEA]


async def test_codes_of_other_families_than_wanted_are_not_told(reel: Reel, monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye({100: [Reading("QR", "menu", "]Q1"), Reading("EAN13", TEA, "]E0", 2)]})
    monkeypatch.setattr(driver, "_load_reader", lambda: eye)
    camera = camera_on("rtsp://10.0.0.9/x", CameraOptions(codes="EAN13", fps=30, stall_s=10))
    async with running(camera):
        await one_look(reel, eye)
        await one_look(reel, eye)
        assert await next_code(camera) == TEA
        assert camera.in_view == {TEA}


async def test_a_still_scene_is_not_read_again_and_again(reel: Reel, monkeypatch: pytest.MonkeyPatch) -> None:
    eye = Eye({})
    monkeypatch.setattr(driver, "_load_reader", lambda: eye)
    camera = camera_on("rtsp://10.0.0.9/x", CameraOptions(fps=60, stall_s=10))
    async with running(camera):
        async with asyncio.timeout(HANG_S):
            while camera.counts["unchanged"] < 10:
                reel.play(picture(100))
                await asyncio.sleep(0.02)
            looked = eye.looked
            while eye.looked < looked + 3:  # something came: every frame counts again
                reel.play(picture(180))
                await asyncio.sleep(0.02)


async def test_the_very_same_picture_for_too_long_is_told_and_ends_when_it_changes(reel: Reel) -> None:
    camera = camera_on("rtsp://10.0.0.9/x", CameraOptions(fps=60, stall_s=10, frozen_s=0.3))
    async with running(camera):
        async with asyncio.timeout(HANG_S):
            while camera.state.health is not Health.DEGRADED:
                reel.play(picture(100))
                await asyncio.sleep(0.02)
            assert "the very same picture" in camera.state.reason
            opened = reel.opened
            while reel.opened == opened or camera.state.health is not Health.DEGRADED:
                reel.play(picture(100))  # opened again, and still the same: nothing new to tell
                await asyncio.sleep(0.02)
            while camera.state.reason:
                reel.play(picture(101))
                await asyncio.sleep(0.02)


async def test_f45_replugged_many_times_it_leaks_nothing_and_logs_each_outage_once() -> None:
    times = 100 if LONG else 12
    async with CameraSim(size=(320, 240), fps=60) as sim:
        camera = camera_on(sim.address)
        async with running(camera):
            await until_health(camera, Health.OK)
            files, threads = open_files(), len(camera_threads())
            with structlog.testing.capture_logs() as logs:
                for _ in range(times):
                    sim.unplug()
                    await until_health(camera, Health.ABSENT)
                    sim.replug()
                    await until_health(camera, Health.OK)
            events = Counter(log["event"] for log in logs)
            assert events == {"device_lost": times, "device_recovered": times}
            await until(lambda: len(camera_threads()) == threads)
            await until(lambda: open_files() <= files + 1)
        assert camera.stuck == 0
    await until(lambda: not camera_threads())


@pytest.mark.parametrize("fault", ["half", "garbage", "huge", "endless"])
async def test_f47_what_is_no_frame_is_refused_by_name_and_the_next_one_read(fault: str) -> None:
    async with CameraSim(size=(960, 540), fps=30) as sim:
        camera = camera_on(sim.address)
        async with running(camera):
            await until_health(camera, Health.OK)
            came = camera.counts["came"]
            sim.handle({"fault": fault})
            await until(lambda: camera.counts["refused"] or (fault == "garbage" and camera.counts["came"] > came + 3))
            sim.handle({"show": [TEA]})
            assert await next_code(camera) == TEA
            assert camera.state.health is Health.OK


async def test_f47_nothing_but_huge_frames_is_no_camera_and_the_reason_names_value_and_limit() -> None:
    async with CameraSim(size=(320, 240), fps=60) as sim:
        camera = camera_on(sim.address, QUICK)
        for _ in range(2000):
            sim.handle({"fault": "huge", "width": 50_000, "height": 30_000})
        async with running(camera):
            # The first that came late would be silence, and says no size.
            await until(lambda: "50000×30000 pixels; the limit is 9437184" in camera.state.reason)
            assert camera.state.health is Health.ABSENT


async def test_f47_a_flood_of_frames_keeps_memory_flat_and_the_loop_turning() -> None:
    async with CameraSim(size=(1280, 720)) as sim:
        camera = camera_on(sim.address)
        async with running(camera):
            await until(lambda: camera.counts["read"] > 5)
            sim.handle({"fault": "flood"})
            await until(lambda: camera.counts["dropped"] > 40)
            before = _resident_mb()
            await until(lambda: camera.counts["dropped"] > 160)
            # Half of what 120 frames of 0.9 MB would take that somebody kept: what threads and the allocator take is a few.
            assert _resident_mb() - before < 55
            assert camera.state.health is Health.OK
            sim.handle({"show": [RICE]})
            assert await next_code(camera) == RICE


async def test_f47_no_frames_at_all_are_told_and_the_camera_is_opened_again() -> None:
    async with CameraSim(size=(320, 240), fps=60) as sim:
        camera = camera_on(sim.address, QUICK)
        async with running(camera):
            await until_health(camera, Health.OK)
            sim.handle({"fault": "freeze"})
            await until_health(camera, Health.ABSENT)
            sim.handle({"fault": "thaw"})
            await until_health(camera, Health.OK)
            assert camera.counts["opened"] >= 2
            sim.handle({"fault": "slow", "bytes_per_s": 1000})
            await until_health(camera, Health.ABSENT)


async def test_a_wrong_password_is_told_without_it_and_the_right_one_opens(tmp_path: Path) -> None:
    async with CameraSim(size=(320, 240), login="clerk:s3cret") as sim:
        wrong = sim.address.replace("http://", "http://clerk:wr0ng@")
        (tmp_path / "login").write_text("clerk:s3cret\n")
        stranger, clerk = (
            camera_on(wrong),
            camera_on(sim.address, CameraOptions(credentials_file=str(tmp_path / "login"))),
        )
        with structlog.testing.capture_logs() as logs:
            async with running(stranger, clerk):
                await until_health(clerk, Health.OK)
                await until_health(stranger, Health.ABSENT)
                assert "401: check user and password" in stranger.state.reason
        assert "wr0ng" not in str(logs)
        assert "s3cret" not in str(logs)


async def test_a_camera_of_single_pictures_is_asked_again_and_again() -> None:
    async with CameraSim(size=(960, 540)) as sim:
        sim.handle({"show": [TEA]})
        camera = camera_on(sim.address.replace("stream.mjpg", "snapshot.jpg"))
        async with running(camera):
            assert await next_code(camera) == TEA
            await until(lambda: sim.shows()["frames"] >= 3)


@pytest.mark.parametrize("port", ["refused", "silent"])
async def test_rtsp_that_does_not_answer_is_absent_opened_again_and_leaves_no_thread(
    port: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        if port == "silent":
            door.listen()  # the kernel takes calls, and nobody ever speaks
        camera = camera_on(f"rtsp://clerk:s3cret@127.0.0.1:{door.getsockname()[1]}/live", QUICK)
        with structlog.testing.capture_logs() as logs:
            async with running(camera):
                await until_health(camera, Health.ABSENT)
                await until(lambda: camera.counts["opened"] >= 2)
    await until(lambda: not camera_threads())
    assert "s3cret" not in str(logs) + "".join(capfd.readouterr())


def video(path: Path, frames: list[Any]) -> Path:
    height, width = frames[0].shape
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 15, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def seen_by(sim: CameraSim) -> Any:
    return cv2.imdecode(np.frombuffer(sim.picture(), np.uint8), cv2.IMREAD_GRAYSCALE)


async def test_videos_folders_and_single_pictures_are_played_over_and_over(tmp_path: Path) -> None:
    async with CameraSim(size=(960, 540)) as sim:
        sim.handle({"show": [TEA]})
        frame = seen_by(sim)
    for place in (
        video(tmp_path / "goods.avi", [frame] * 3),
        _folder(tmp_path / "goods", frame),
        tmp_path / "goods/0.png",
    ):
        camera = camera_on(f"file:{place}")
        async with running(camera):
            assert await next_code(camera) == TEA
            await until(lambda camera=camera: camera.counts["came"] > 6)  # type: ignore[misc]


def _folder(path: Path, frame: Any) -> Path:
    path.mkdir()
    for number in range(2):
        Image.fromarray(frame).save(path / f"{number}.png")
    (path / "notes.txt").write_text("no picture")
    return path


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/dev/v4l/by-id/none", "No such file"),
        ("file:{tmp}/none.mp4", "No such file"),
        ("file:{tmp}", "no picture there"),
        ("file:{tmp}/text.mp4", "not a camera or video"),
    ],
)
async def test_what_cannot_be_opened_is_absent_with_a_useful_reason(place: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    camera = camera_on(place.format(tmp=tmp_path))
    async with running(camera):
        await until_health(camera, Health.ABSENT)
        assert said in camera.state.reason


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
