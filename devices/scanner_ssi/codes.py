"""SSI code types as AIM identifiers.

Source: Zebra, Simple Serial Interface programmer's guide, code types (from memory of it but for those of the golden frames).
"""

_AIM = {
    0x01: "]A0",  # Code 39
    0x02: "]F0",  # Codabar
    0x03: "]C0",  # Code 128
    0x04: "]S0",  # Discrete 2 of 5
    0x06: "]I0",  # Interleaved 2 of 5
    0x07: "]G0",  # Code 93
    0x08: "]E0",  # UPC-A
    0x09: "]E0",  # UPC-E
    0x0A: "]E4",  # EAN-8
    0x0B: "]E0",  # EAN-13
    0x0C: "]H0",  # Code 11
    0x0E: "]M0",  # MSI
    0x0F: "]C1",  # GS1-128
    0x10: "]E0",  # UPC-E1
    0x11: "]L0",  # PDF417
    0x13: "]A4",  # Code 39 full ASCII
    0x16: "]E0",  # Bookland EAN
    0x1A: "]L3",  # MicroPDF417
    0x1B: "]d1",  # DataMatrix
    0x1C: "]Q1",  # QR Code
    0x25: "]U0",  # MaxiCode
    0x2C: "]Q1",  # Micro QR
    0x2D: "]z0",  # Aztec
    0x30: "]e0",  # GS1 DataBar
    0x31: "]e0",  # GS1 DataBar Limited
    0x32: "]e0",  # GS1 DataBar Expanded
    0xB7: "]h0",  # Han Xin
    0xC1: "]d2",  # GS1 DataMatrix
    0xC2: "]Q3",  # GS1 QR Code
}
_EAN_UPC = (0x08, 0x09, 0x0A, 0x0B, 0x10)
_WITH_TWO, _WITH_FIVE = 0x40, 0x80


def symbology_of(code_type: int) -> str | None:
    """Return the AIM identifier; None for a type that nobody knows.

    >>> symbology_of(0x0B), symbology_of(0x4B), symbology_of(0xFE)
    (']E0', ']E0', None)
    """
    return _AIM.get(code_type) or (_AIM[code_type & 0x3F] if add_on(code_type) else None)


def add_on(code_type: int) -> int:
    """Return how many digits of an add-on stand behind an EAN or UPC of this type: 0, 2 or 5. They say nothing about the item."""
    if code_type & 0x3F not in _EAN_UPC:
        return 0
    return {_WITH_TWO: 2, _WITH_FIVE: 5}.get(code_type & 0xC0, 0)
