"""Every limit of the shop's figures and texts, in one place.

They are wide enough for the oddest lines of a real year of groceries (89 638 units of fuel in one line, 840.00 in one line) and narrow
enough that no sum of a whole sale leaves 53 bits, the integers that every JSON reader keeps exact.
"""

import re

MAX_QUANTITY_MILLI = 100_000_000
"""One line: 100 000 units."""
MAX_FACTOR_MILLI = 10_000_000
"""One barcode: 10 000 base units (a pallet of packs)."""
MAX_STOCK_MILLI = MAX_QUANTITY_MILLI * MAX_FACTOR_MILLI // 1000
MAX_UNIT_PRICE_MINOR = 100_000_000
"""One unit: a million in a currency of two decimals."""
MAX_LINE_MINOR = 1_000_000_000
"""One line, one discount: ten million in a currency of two decimals."""
MAX_LINES = 1_000
MAX_SALE_MINOR = MAX_LINES * MAX_LINE_MINOR
"""One sale, one tender."""
MAX_DISCOUNTS = 32
"""Per line."""
MAX_TENDERS = 16
"""Per sale."""
MAX_BARCODES = 64
"""Per item."""
MAX_ATTRIBUTES = 64
"""Per item."""
MAX_COUNTER = 2**53 - 1
"""Receipt numbers, epochs, versions."""

MAX_ID = 64
"""Characters of a SKU, a sale id, a member number, a lane."""
MAX_NAME = 200
MAX_CODE = 128
MAX_UNIT = 16
MAX_REFERENCE = 128
MAX_SCAN = 2048
"""Characters of one scan: a GS1 message fills 2361 digits of a QR code at most, no message of a shop comes near."""

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Controls of terminals and printers, direction overrides that turn digits around, and halves of characters.

Wider than ``not str.isprintable()``, which would refuse the ideographic space of Chinese names and every letter younger than the
interpreter's Unicode tables.
"""


def has_control(text: str) -> bool:
    """Tell whether ``text`` holds a character that a screen, a printer or a log must never get."""
    return not text.isprintable() and _FORBIDDEN.search(text) is not None


def text_fault(text: str, longest: int, shortest: int = 0) -> str:
    """Return what is expected of ``text`` when it breaks its limits, else ``""``."""
    if not shortest <= len(text) <= longest:
        return f"{shortest} to {longest} characters"
    return "no control characters" if has_control(text) else ""
