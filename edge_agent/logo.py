"""The store's logo on receipts: a picture file, or one that was stored in the printer."""

from pathlib import Path

import structlog

from devices.errors import PictureRefused
from devices.printer_escpos.logo import read_logo
from devices.receipt import Picture, StoredLogo

STORED = "stored:"
_DOTS_PER_COLUMN = 12

_log = structlog.get_logger(__name__)


def logo_of(setting: str, columns: int) -> Picture | StoredLogo | None:
    """Return what ``till.receipt_logo`` means on paper of ``columns``; blocking.

    A logo that cannot be read is told in the log and left out: a store sells without one.
    """
    if not setting:
        return None
    try:
        if setting.startswith(STORED):
            return StoredLogo(int(setting.removeprefix(STORED)))
        return read_logo(Path(setting), columns * _DOTS_PER_COLUMN)
    except (PictureRefused, ValueError) as error:
        _log.error("receipt_logo_refused", reason=str(error))
        return None
