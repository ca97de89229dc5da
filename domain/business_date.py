"""The store's own date: what a receipt and a day's closing carry, whatever UTC says."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import InvalidIdentity


def business_date(at: datetime, tz: str, day_starts_hour: int = 0) -> str:
    """Return the store-local business date of ``at`` as ISO 8601.

    Args:
        at: aware time of any zone.
        tz: IANA name of the store's zone, such as ``Asia/Shanghai``.
        day_starts_hour: 0 to 23; a shop that closes at 02:00 lets its day start at, say, 4.

    Raises:
        InvalidIdentity: ``at`` has no zone, ``tz`` is unknown or the hour is none.

    >>> from datetime import UTC
    >>> business_date(datetime(2026, 1, 1, 17, 30, tzinfo=UTC), "Asia/Shanghai", 4)
    '2026-01-01'
    """
    if at.tzinfo is None:
        raise InvalidIdentity("time", at.isoformat(), "a time with its zone")
    if not 0 <= day_starts_hour <= 23:
        raise InvalidIdentity("hour at which the day starts", str(day_starts_hour), "0 to 23")
    return _date_in(int(at.timestamp()) // 60, tz, day_starts_hour)


@lru_cache(maxsize=64)
def _date_in(minute: int, tz: str, day_starts_hour: int) -> str:
    """Return the date of a minute since 1970: no zone changes within one, and every sale of that minute asks again."""
    # Wall-clock arithmetic within the zone: on the night of a clock change the day still starts at the hour the clock shows.
    at = datetime.fromtimestamp(minute * 60, zone(tz))
    return (at - timedelta(hours=day_starts_hour)).date().isoformat()


@lru_cache(maxsize=64)
def zone(tz: str) -> ZoneInfo:
    """Return the time zone named ``tz``.

    Raises:
        InvalidIdentity: the zone data of this machine does not know it.
    """
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidIdentity("time zone", tz, "an IANA name such as Asia/Shanghai") from error
