"""The US keyboard by the kernel's key numbers: what each key types, plain and with shift. The scanner must be set to this layout.

Source: Linux, include/uapi/linux/input-event-codes.h; the numbers are those of the standard.
"""

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
PLAIN: dict[int, str] = {first + offset: key for first, plain, _ in _ROWS for offset, key in enumerate(plain)}
SHIFTED: dict[int, str] = {first + offset: key for first, _, shifted in _ROWS for offset, key in enumerate(shifted)}

KEYPAD: dict[int, str] = {
    71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+", 79: "1", 80: "2", 81: "3", 82: "0", 83: ".",
    55: "*", 98: "/", 117: "=", 121: ",",
}  # fmt: skip

SHIFTS = frozenset({42, 54})
CTRLS = frozenset({29, 97})
ALTS = frozenset({56, 100})
METAS = frozenset({125, 126})
CAPS_LOCK = 58
SILENT = frozenset({69, 70})  # num lock, scroll lock: change nothing that a scanner types

ENTER, KEYPAD_ENTER, TAB = 28, 96, 15
RIGHT_BRACE = 27  # with ctrl: 1D, the separator of GS1 values
FUNCTION_KEYS: dict[str, int] = {f"F{number}": 58 + number for number in range(1, 11)} | {"F11": 87, "F12": 88}
