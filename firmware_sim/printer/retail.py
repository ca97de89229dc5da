"""Bars of the codes that no library here draws: UPC-E and Code 93 (ISO/IEC 15420, AIM USS-93)."""

_LEFT = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITIES = ["EEEOOO", "EEOEOO", "EEOOEO", "EEOOOE", "EOEEOO", "EOOEEO", "EOOOEE", "EOEOEO", "EOEOOE", "EOOEOE"]
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_SHIFTS = {"$": 43, "%": 44, "/": 45, "+": 46}
# fmt: off
_CODE93 = [
    "100010100", "101001000", "101000100", "101000010", "100101000", "100100100", "100100010", "101010000",
    "100010010", "100001010", "110101000", "110100100", "110100010", "110010100", "110010010", "110001010",
    "101101000", "101100100", "101100010", "100110100", "100011010", "101011000", "101001100", "101000110",
    "100101100", "100010110", "110110100", "110110010", "110101100", "110100110", "110010110", "110011010",
    "101101100", "101100110", "100110110", "100111010", "100101110", "111010100", "111010010", "111001010",
    "101101110", "101110110", "110101110", "100100110", "111011010", "111010110", "100110010",
]
# fmt: on
_EDGE93 = "101011110"


def check_digit(body: str) -> str:
    """Return the digit that completes ``body`` (weights 3 and 1 from the right)."""
    return str(-sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body))) % 10)


def upce_digits(data: str) -> str | None:
    """Return the eight digits of UPC-E for 6, 7, 8, 11 or 12 digits as a printer takes them, None if they are wrong."""
    if not data.isdigit() or len(data) not in (6, 7, 8, 11, 12):
        return None
    if len(data) >= 11:
        short = _compressed(data[:11])
        given = data[11:]
    else:
        short = data[:7] if len(data) > 6 else "0" + data
        given = data[7:]
    if short is None or short[0] not in "01":
        return None
    check = check_digit(_expanded(short))
    return None if given and given != check else short + check


def _expanded(short: str) -> str:
    six = short[1:]
    last = six[5]
    if last in "012":
        return f"{short[0]}{six[:2]}{last}0000{six[2:5]}"
    if last == "3":
        return f"{short[0]}{six[:3]}00000{six[3:5]}"
    if last == "4":
        return f"{short[0]}{six[:4]}00000{six[4]}"
    return f"{short[0]}{six[:5]}0000{last}"


def _compressed(body: str) -> str | None:
    maker, item = body[1:6], body[6:]
    candidates = [
        f"{maker[:2]}{item[2:]}{maker[2]}",
        f"{maker[:3]}{item[3:]}3",
        f"{maker[:4]}{item[4]}4",
        f"{maker}{item[4]}",
    ]
    return next((body[0] + six for six in candidates if _expanded(body[0] + six) == body), None)


def upce_modules(digits: str) -> str:
    """Return the bars of eight digits of UPC-E."""
    parity = _PARITIES[int(digits[7])]
    if digits[0] == "1":
        parity = parity.translate(str.maketrans("EO", "OE"))
    bars = (_even(int(d)) if p == "E" else _LEFT[int(d)] for d, p in zip(digits[1:7], parity, strict=True))
    return "101" + "".join(bars) + "010101"


def _even(digit: int) -> str:
    return _LEFT[digit].translate(str.maketrans("01", "10"))[::-1]


def code93_modules(text: str) -> str | None:
    """Return the bars of ``text`` with both check characters, None if a character is not ASCII."""
    if not text or not text.isascii():
        return None
    values = [value for character in text for value in _values93(ord(character))]
    for longest in (20, 15):
        weighed = sum(value * (i % longest + 1) for i, value in enumerate(reversed(values)))
        values.append(weighed % 47)
    return _EDGE93 + "".join(_CODE93[value] for value in values) + _EDGE93 + "1"


def _values93(code: int) -> list[int]:
    character = chr(code)
    if character in _CHARACTERS:
        return [_CHARACTERS.index(character)]
    shift, letter = _shifted93(code)
    return [_SHIFTS[shift], _CHARACTERS.index(letter)]


def _shifted93(code: int) -> tuple[str, str]:
    """Return shift and letter of a character of full ASCII."""
    ranges = (
        (1, "$", "A", 26),
        (27, "%", "A", 5),
        (33, "/", "A", 15),
        (58, "/", "Z", 1),
        (59, "%", "F", 5),
        (91, "%", "K", 5),
        (97, "+", "A", 26),
        (123, "%", "P", 5),
    )
    single = {0: ("%", "U"), 64: ("%", "V"), 96: ("%", "W")}
    if code in single:
        return single[code]
    first, shift, letter, _ = next(each for each in ranges if each[0] <= code < each[0] + each[3])
    return shift, chr(ord(letter) + code - first)
