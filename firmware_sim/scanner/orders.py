"""Orders that makers' scanners take from their host (device reference §3.2; Honeywell menu commands as in its user's guides)."""

import re

Order = tuple[str, bytes]

_HONEYWELL_MENU = re.compile(rb"\x16M\r([^.!\x16]*)([.!])")
_HONEYWELL = {b"\x16T\r": "trigger", b"\x16U\r": "release", b"\x16\x07\r": "good"}
_ESCAPES = {b"\x1b7": "good", b"\x1b8": "bad", b"\x1b4": "good", b"\x1b5": "good", b"\x1b6": "good"}
_DATALOGIC = {
    b"E": "enable", b"D": "disable", b"R": "reset", b"B": "good", b"\x01": "good", b"\x07": "good", b"F": "not_on_file",
    b"i": "tell", b"h": "tell", b"s": "tell",
}  # fmt: skip
_CIPHERLAB = {b"E": "enable", b"D": "disable", b"#@////\r": "good"}

MAKERS: dict[str, dict[bytes, str]] = {
    "generic": {},
    "honeywell": _HONEYWELL,
    "honeywell-esc": _HONEYWELL | _ESCAPES,
    "datalogic": _DATALOGIC,
    "cipherlab": _CIPHERLAB,
}


def orders_in(heard: bytes, maker: str) -> tuple[list[Order], bytes]:
    """Return the orders in ``heard``, and the rest, which may begin one."""
    table, orders = MAKERS[maker], []
    while heard:
        menu = _HONEYWELL_MENU.match(heard) if maker.startswith("honeywell") else None
        known = next((order for order in table if heard.startswith(order)), None)
        if menu:
            orders.append(("menu", menu[1] + menu[2]))
            heard = heard[menu.end() :]
        elif known:
            orders.append((table[known], known))
            heard = heard[len(known) :]
        elif _may_begin(heard, maker):
            break
        else:
            heard = heard[1:]
    return orders, heard


def _may_begin(heard: bytes, maker: str) -> bool:
    longer = [*MAKERS[maker], *([b"\x16M\r" + b"." * 400] if maker.startswith("honeywell") else [])]
    return any(order.startswith(heard) for order in longer) or (
        maker.startswith("honeywell") and heard.startswith(b"\x16M\r")
    )


class HoneywellSetup:
    """Settings behind six-letter tags. The answer to a menu command echoes it, with values and a status before each mark."""

    def __init__(self) -> None:
        self.values = {"TERMID": "130", "PRFBK2": "", "SUFBK2": "99990D", "E13ENA": "1", "EA8ENA": "1"}

    def answer(self, command: bytes) -> bytes:
        """Answer ``TAG?;TAGvalue.``: ``?`` asks, a value sets; 06 fine, 05 unknown tag."""
        text, mark = command[:-1].decode("ascii", "replace"), command[-1:]
        return b";".join(map(self._answer, text.split(";"))) + mark

    def _answer(self, part: str) -> bytes:
        tag, rest = part[:6].upper(), part[6:]
        if tag not in self.values:
            return part.encode("ascii", "replace") + b"\x05"
        if rest != "?":
            self.values[tag] = rest
        return f"{tag}{self.values[tag]}".encode("ascii", "replace") + b"\x06"
