"""Codes of bars as widths of bars and spaces, from the published tables; nothing is asked of a library.

Every function returns element widths in modules, bar first; wide elements of two-width codes are ``ratio`` modules.
Sources: ISO/IEC 15420 (EAN/UPC), 15417 (Code 128), 16388 (Code 39), 16390 (ITF), AIM BC5 (Code 93).
"""

from itertools import chain

Widths = list[float]


def _words(table: str) -> list[str]:
    return table.split()


_LEFT = _words("0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011")
_RIGHT = ["".join("10"[int(bit)] for bit in code) for code in _LEFT]
_EVEN = [code[::-1] for code in _RIGHT]
_FIRST = _words("LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL")
_UPC_E = _words("GGGLLL GGLGLL GGLLGL GGLLLG GLGGLL GLLGGL GLLLGG GLGLGL GLGLLG GLLGLG")

CODE_128 = _words(
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 2331112"
)
FNC1, START_A, START_B, START_C = 102, 103, 104, 105
TO_C, TO_B, TO_A = 99, 100, 101
_STOP = 106

_LETTERS_39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*"
_CODE_39 = (
    0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064, 0x109, 0x049, 0x148, 0x019, 0x118, 0x058,
    0x00D, 0x10C, 0x04C, 0x01C, 0x103, 0x043, 0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016, 0x181, 0x0C1,
    0x1C0, 0x091, 0x190, 0x0D0, 0x085, 0x184, 0x0C4, 0x0A8, 0x0A2, 0x08A, 0x02A, 0x094,
)  # fmt: skip
_CODE_93 = (
    0x114, 0x148, 0x144, 0x142, 0x128, 0x124, 0x122, 0x150, 0x112, 0x10A, 0x1A8, 0x1A4, 0x1A2, 0x194, 0x192, 0x18A,
    0x168, 0x164, 0x162, 0x134, 0x11A, 0x158, 0x14C, 0x146, 0x12C, 0x116, 0x1B4, 0x1B2, 0x1AC, 0x1A6, 0x196, 0x19A,
    0x16C, 0x166, 0x136, 0x13A, 0x12E, 0x1D4, 0x1D2, 0x1CA, 0x16E, 0x176, 0x1AE,
)  # fmt: skip
_STOP_93 = 0x15E
_ITF = _words("nnwwn wnnnw nwnnw wwnnn nnwnw wnwnn nwwnn nnnww wnnwn nwnwn")


def check_digit(digits: str) -> str:
    """Return the digit that completes an EAN or UPC."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _widths(modules: str) -> Widths:
    """Return the lengths of the runs of ``modules``, which begins with a bar."""
    last, runs = "", Widths()
    for module in modules:
        if module == last:
            runs[-1] += 1.0
        else:
            runs.append(1.0)
        last = module
    return runs


def ean13(digits: str) -> Widths:
    """Return the bars of 13 digits."""
    left = [
        (_LEFT if parity == "L" else _EVEN)[int(digit)]
        for parity, digit in zip(_FIRST[int(digits[0])], digits[1:7], strict=True)
    ]
    right = [_RIGHT[int(digit)] for digit in digits[7:]]
    return _widths("101" + "".join(left) + "01010" + "".join(right) + "101")


def ean8(digits: str) -> Widths:
    """Return the bars of 8 digits."""
    left, right = [_LEFT[int(digit)] for digit in digits[:4]], [_RIGHT[int(digit)] for digit in digits[4:]]
    return _widths("101" + "".join(left) + "01010" + "".join(right) + "101")


def upc_e(six: str, check: str) -> Widths:
    """Return the bars of a UPC-E of number system 0."""
    parity = _UPC_E[int(check)]
    middle = [(_LEFT if odd == "L" else _EVEN)[int(digit)] for odd, digit in zip(parity, six, strict=True)]
    return _widths("101" + "".join(middle) + "010101")


def code128(values: list[int]) -> Widths:
    """Return the bars of symbol values that begin with a start; check and stop are added."""
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return [float(width) for value in (*values, check, _STOP) for width in CODE_128[value]]


def code39(text: str, ratio: float, *, check: bool = False) -> Widths:
    """Return the bars of ``text`` between its stars; characters that the code lacks are left out."""
    kept = [_LETTERS_39.index(letter) for letter in text.upper() if letter in _LETTERS_39[:-1]]
    if check:
        kept.append(sum(kept) % 43)
    star = _LETTERS_39.index("*")
    letters = [
        _two_widths(format(_CODE_39[value], "09b").translate({48: "n", 49: "w"}), ratio)
        for value in (star, *kept, star)
    ]
    return list(chain.from_iterable([*letter, 1.0] for letter in letters))[:-1]


def code93(text: str) -> Widths:
    """Return the bars of ``text`` with both check characters."""
    values = [_LETTERS_39.index(letter) for letter in text.upper() if letter in _LETTERS_39[:-1]]
    for most in (20, 15):
        weighted = (value * (place % most + 1) for place, value in enumerate(reversed(values)))
        values.append(sum(weighted) % 47)
    # Values above 42 are the four shifts, which only the check characters can come to.
    table = (*_CODE_93, 0x126, 0x1DA, 0x1D6, 0x132)
    modules = [format(code, "09b") for code in (_STOP_93, *(table[value] for value in values), _STOP_93)]
    return _widths("".join(modules) + "1")


def interleaved(digits: str, ratio: float) -> Widths:
    """Return the bars of an even number of digits (Interleaved 2 of 5)."""
    digits = digits if len(digits) % 2 == 0 else "0" + digits
    elements = "nnnn"
    for first, second in zip(digits[::2], digits[1::2], strict=True):
        elements += "".join(chain.from_iterable(zip(_ITF[int(first)], _ITF[int(second)], strict=True)))
    return _two_widths(elements + "wnn", ratio)


def _two_widths(elements: str, ratio: float) -> Widths:
    return [ratio if element == "w" else 1.0 for element in elements]
