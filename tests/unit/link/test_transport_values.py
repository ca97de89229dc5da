"""Settings, filters, back-off and files: the small things that the rest stands on."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.backoff import Backoff
from link.files import write_durably
from link.transport import LinkSettings, is_loopback_address, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("a/b", "a/b/c", False),
        ("a/+/c", "a//c", True),
    ],
)
def test_filters_cover_what_mqtt_says(pattern: str, topic: str, covered: bool) -> None:
    assert matches(pattern, topic) is covered


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
def test_plain_mqtt_to_a_loopback_address(host: str) -> None:
    assert LinkSettings(host=host, client_id="S1", plain_loopback=True).plain_loopback
    assert is_loopback_address(host)


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "0.0.0.0", "hq.example", "127.0.0.1.hq.example", ""])  # noqa: S104 - refused
def test_never_plain_mqtt_anywhere_else(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        LinkSettings(host=host, client_id="S1", plain_loopback=True)


@pytest.mark.parametrize("missing", ["ca_file", "cert_file", "key_file"])
def test_tls_needs_all_three_files(missing: str) -> None:
    files = {"ca_file": "a", "cert_file": "b", "key_file": "c"} | {missing: ""}
    with pytest.raises(ValueError, match="all needed"):
        LinkSettings(host="127.0.0.1", client_id="S1", **files)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["port", "keepalive_s", "inflight", "max_queued", "publish_timeout_s"])
def test_figures_that_cannot_work_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        LinkSettings(host="127.0.0.1", client_id="S1", plain_loopback=True, **{name: 0})  # type: ignore[arg-type]


@given(st.integers(0, 2**32), st.integers(1, 200))
def test_waits_are_anywhere_between_nothing_and_a_bound_that_doubles(seed: int, failures: int) -> None:
    backoff = Backoff(random.Random(seed), first_s=0.5, cap_s=60)
    for number in range(failures):
        bound = min(60, 0.5 * 2**number)
        assert backoff.bound_s == bound
        assert 0 <= backoff.next_s() <= bound
    backoff.reset()
    assert backoff.bound_s == 0.5


def test_a_thousand_stores_do_not_return_as_one() -> None:
    waits = []
    for seed in range(1000):
        backoff = Backoff(random.Random(seed))
        waits.append([backoff.next_s() for _ in range(9)][-1])
    per_second = [sum(second <= wait < second + 1 for wait in waits) for second in range(60)]
    assert max(per_second) < 40, "an even spread over a minute is 17 a second"


def test_a_refusal_waits_as_if_it_had_failed_before() -> None:
    backoff = Backoff(random.Random(1))
    backoff.next_s(at_least_failures=5)
    assert backoff.bound_s == 32


@pytest.mark.parametrize("wrong", [{"first_s": 0}, {"cap_s": -1}])
def test_bounds_must_be_above_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Backoff(random.Random(1), **wrong)


def test_files_are_whole_closed_and_leave_no_drafts(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    before = os.umask(0)
    try:
        write_durably(file, "one")
        write_durably(file, b"two", mode=0o644)
    finally:
        os.umask(before)
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


def test_a_failed_write_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.pem"
    write_durably(file, "old")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("link.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(file, "new")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
