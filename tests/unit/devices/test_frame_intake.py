"""What phones may send: bytes, pixels, rates and numbers, each refused with its value and its limit."""

import pytest

from devices.camera_file.intake import Intake, IntakeLimits
from devices.errors import DeviceMisconfigured, PictureRefused, TooManyFrames
from devices.registry import DeviceSettings, open_device
from devices.token_bucket import TokenBucket

LIMITS = IntakeLimits(frame_bytes=1000, session_fps=5, session_burst=3, total_fps=10, sessions=2, idle_s=30, at_work=2)


def send(intake: Intake, name: str, at_s: float, size: int = 100) -> None:
    intake.done(intake.admit(name, size, at_s))


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(rate=5, burst=3, at_s=0)
    assert [bucket.take(0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(0) == pytest.approx(0.2)
    assert bucket.take(0.2) == 0
    assert bucket.take(0.2) == pytest.approx(0.2)
    assert bucket.take(100) == 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(rate=5, burst=1, at_s=100)
    assert bucket.take(100) == 0
    assert bucket.take(50) > 0
    assert bucket.take(100.1) > 0


def test_one_phone_that_floods_is_told_the_limit_and_when_to_come_back() -> None:
    intake = Intake(LIMITS)
    for _ in range(3):
        send(intake, "a", 0)
    with pytest.raises(TooManyFrames, match=r"more than 5 frames a second: send the next frame in 0\.2 s") as refused:
        send(intake, "a", 0)
    assert refused.value.retry_after_s == pytest.approx(0.2)
    send(intake, "b", 0)  # another phone is not its business
    send(intake, "a", 0.2)


def test_all_phones_together_have_a_limit() -> None:
    intake = Intake(IntakeLimits(session_burst=8, total_fps=10))
    for _ in range(8):
        send(intake, "a", 0)
    send(intake, "b", 0)
    send(intake, "b", 0)
    with pytest.raises(TooManyFrames, match="all phones send more than 10 frames a second"):
        send(intake, "b", 0)


def test_a_large_frame_is_refused_and_has_cost_a_token() -> None:
    intake = Intake(LIMITS)
    for _ in range(3):
        with pytest.raises(PictureRefused, match="frame of 1001 bytes is over the limit of 1000"):
            send(intake, "a", 0, size=1001)
    with pytest.raises(TooManyFrames):
        send(intake, "a", 0)


def test_a_second_frame_of_one_phone_does_not_wait_behind_the_first() -> None:
    intake = Intake(LIMITS)
    session = intake.admit("a", 100, 0)
    with pytest.raises(TooManyFrames, match="this phone's last frame is still being read"):
        intake.admit("a", 100, 0)
    intake.done(session)
    send(intake, "a", 0)


def test_frames_at_work_are_few() -> None:
    intake = Intake(IntakeLimits(at_work=2))
    intake.admit("a", 100, 0)
    intake.admit("b", 100, 0)
    with pytest.raises(TooManyFrames, match="2 frames, the limit, are still being read"):
        intake.admit("c", 100, 0)


def test_the_table_of_phones_does_not_grow_and_fresh_names_buy_nothing() -> None:
    intake = Intake(LIMITS)
    send(intake, "a", 0)
    send(intake, "b", 1)
    with pytest.raises(
        TooManyFrames, match=r"2 phones, the limit, are sending already: send the next frame in 29\.0 s"
    ):
        send(intake, "c", 1)
    assert len(intake) == 2
    send(intake, "c", 31)  # "a" was silent for long enough to be forgotten
    assert len(intake) == 2


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_session_has_a_name(name: str) -> None:
    with pytest.raises(PictureRefused, match="session name"):
        Intake(LIMITS).admit(name, 100, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"sessions": 0}, "sessions 0"), ({"session_fps": 0}, "session_fps 0"), ({"frames": 1}, "frames")],
)
def test_wrong_limits_stop_the_start(options: dict[str, str | int | float | bool], said: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=said):
        open_device(DeviceSettings("c", "camera_file", options=options))
