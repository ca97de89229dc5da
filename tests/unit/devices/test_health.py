"""One setter for a device's state: changes are told and logged once, and since when is since the word changed."""

from structlog.testing import capture_logs

from devices.health import AT_ONCE, PER_LOSS_S, DeviceHealth
from devices.ports import DeviceState, Health


def test_a_loss_is_logged_once_and_its_end_once() -> None:
    told: list[DeviceState] = []
    health = DeviceHealth("scanner-1", lambda _, state: told.append(state), now=iter(range(100)).__next__)
    with capture_logs() as logs:
        for _ in range(3):
            health.set(Health.OK)
            health.set(Health.OK)
            health.set(Health.ABSENT, "hung up")
            health.set(Health.OPENING)
            health.set(Health.ABSENT, "no such device")
    assert [line["event"] for line in logs] == ["device_lost", "device_recovered"] * 2 + ["device_lost"]
    assert len(told) == 12


def test_another_reason_is_no_new_beginning() -> None:
    health = DeviceHealth("scanner-1", now=iter(range(100)).__next__)
    health.set(Health.ABSENT, "hung up")
    since_s = health.state.since_s
    health.set(Health.ABSENT, "no such device")
    assert (health.state.reason, health.state.since_s) == ("no such device", since_s)
    health.set(Health.OK)
    assert health.state.since_s > since_s


def flapping(health: DeviceHealth, times: int) -> None:
    for _ in range(times):
        health.set(Health.OK)
        health.set(Health.ABSENT, "hung up")


def test_a_hundred_honest_losses_are_a_hundred_lines_and_a_loose_contact_is_not_a_full_disk() -> None:
    now_s = 0.0
    health = DeviceHealth("scanner-1", now=lambda: now_s)
    with capture_logs() as honest:
        flapping(health, 100)
    with capture_logs() as loose:
        for _ in range(600):  # a minute of it
            now_s += 0.1
            flapping(health, 1)
    assert [line["event"] for line in honest] == ["device_lost", "device_recovered"] * 99 + ["device_lost"]
    lines = [line["event"] for line in loose]
    assert len(lines) <= 2 * (AT_ONCE - 100 + 60 / PER_LOSS_S) + 1
    assert set(zip(lines[::2], lines[1::2], strict=False)) == {("device_recovered", "device_lost")}


def test_the_log_says_how_a_device_ended_that_came_and_went_too_often() -> None:
    now_s = 0.0
    health = DeviceHealth("scanner-1", now=lambda: now_s)
    flapping(health, AT_ONCE + 1)
    now_s += PER_LOSS_S
    with capture_logs() as logs:
        health.set(Health.ABSENT, "hung up")  # its driver tries again and again, and tells the same
        health.set(Health.ABSENT, "hung up")
        health.set(Health.OK)
    assert [line["event"] for line in logs] == ["device_lost", "device_recovered"]


def test_what_a_device_says_of_itself_moves_no_screen() -> None:
    health = DeviceHealth("printer-1")
    with capture_logs() as logs:
        health.set(Health.FAILED, "reports \x1b[31mRED\x9b2J\u202e\n")
    assert health.state.reason == r"reports \x1b[31mRED\x9b2J\u202e\n"
    assert all(line["reason"].isprintable() for line in logs)
