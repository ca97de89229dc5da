"""The store's own date."""

from datetime import UTC, datetime

import pytest

from domain.business_date import business_date
from domain.errors import InvalidIdentity


@pytest.mark.parametrize(
    ("at", "tz", "starts", "date"),
    [
        (datetime(2026, 1, 1, 16, 0, tzinfo=UTC), "Asia/Shanghai", 0, "2026-01-02"),
        (datetime(2026, 1, 1, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai", 0, "2026-01-01"),
        (
            datetime(2026, 1, 1, 17, 59, tzinfo=UTC),
            "Asia/Shanghai",
            2,
            "2026-01-01",
        ),  # 01:59 still belongs to yesterday
        (datetime(2026, 1, 1, 18, 0, tzinfo=UTC), "Asia/Shanghai", 2, "2026-01-02"),
        # the night of a clock change: 01:30 CST is 07:30 UTC, then 02:00 becomes 03:00; the day starts when the clock shows 4
        (datetime(2026, 3, 8, 8, 59, tzinfo=UTC), "America/Chicago", 4, "2026-03-07"),
        (datetime(2026, 3, 8, 9, 0, tzinfo=UTC), "America/Chicago", 4, "2026-03-08"),
    ],
)
def test_business_dates(at: datetime, tz: str, starts: int, date: str) -> None:
    assert business_date(at, tz, starts) == date


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(InvalidIdentity, match="time zone 'Mars/Base'"):
        business_date(datetime(2026, 1, 1, tzinfo=UTC), "Mars/Base")
    with pytest.raises(InvalidIdentity, match="time zone"):
        business_date(datetime(2026, 1, 1, tzinfo=UTC), "../passwd")
    with pytest.raises(InvalidIdentity, match="a time with its zone"):
        business_date(datetime(2026, 1, 1), "Asia/Shanghai")  # noqa: DTZ001 (that is the mistake)
    with pytest.raises(InvalidIdentity, match="0 to 23"):
        business_date(datetime(2026, 1, 1, tzinfo=UTC), "Asia/Shanghai", 24)
