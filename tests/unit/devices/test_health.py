"""One setter for a device's state: changes are told and logged once, and since when is since the word changed."""

from structlog.testing import capture_logs

from devices.health import DeviceHealth
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


def test_what_a_device_says_of_itself_moves_no_screen() -> None:
    health = DeviceHealth("printer-1")
    with capture_logs() as logs:
        health.set(Health.FAILED, "reports \x1b[31mRED\x9b2J\u202e\n")
    assert health.state.reason == r"reports \x1b[31mRED\x9b2J\u202e\n"
    assert all(line["reason"].isprintable() for line in logs)
