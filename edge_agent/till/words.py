"""What a cashier types, as asks for the control socket."""

import os
import re
from typing import Any

from domain.ids import uuid7
from domain.money import exponent
from domain.quantity import parse_quantity

Ask = dict[str, Any]

_TIMES = re.compile(r"([0-9.]+)\s*[*xX×]\s*(\S+)")
_AMOUNT = re.compile(r"(?P<whole>[0-9]{0,12})(\.(?P<rest>[0-9]+))?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_PLAIN = {"last": "last", "reprint": "reprint", "close": "close_day", "status": "status", "basket": "basket"}
_STEPS = ("total", "back", "suspend", "resume", "cancel")


def ask_of(typed: str, currency: str) -> Ask:
    """Return the ask that a typed line means; what is no word is a code.

    Raises:
        DomainError: an amount or a quantity that cannot be.
        ValueError: a number is missing, or is none; nothing is rounded.
    """
    word, _, rest = typed.strip().partition(" ")
    rest = rest.strip()
    match word.lower():
        case "void":
            return {"do": "void", "no": int(rest)}
        case "member":
            return {"do": "member", "member": rest}
        case "cash" | "qr" as kind:
            return {"do": "pay", "kind": kind, "request_id": _new_id()} | _amount(rest, currency)
        case "weigh":
            if not rest:
                raise ValueError("weigh needs the code of what lies on the scale")
            return {"do": "weigh", "code": rest, "aim": "]X0", "request_id": _new_id()}
        case "zero" if not rest:
            return {"do": "zero"}
        case "tare":
            return {"do": "tare", "weight_g": int(rest)} if rest else {"do": "tare"}
        case "drawer":
            by, _, reason = rest.partition(" ")
            return {"do": "open_drawer", "by": by, "reason": reason.strip()} if rest else {"do": "drawer"}
        case "recover" if rest in ("", "drop"):
            return {"do": "recover_printer", "drop": rest == "drop"}
        case step if step in _STEPS and not rest:
            return {"do": "step", "step": step}
        case plain if plain in _PLAIN and not rest:
            return {"do": _PLAIN[plain]}
        case _:
            return _scan(typed.strip())


def _scan(typed: str) -> Ask:
    times = _TIMES.fullmatch(typed)
    quantity = {"quantity_milli": parse_quantity(times[1])} if times else {}
    # ]X0: typed by hand, so that eight digits are no UPC-E by chance.
    return {"do": "scan", "code": times[2] if times else typed, "aim": "]X0", "request_id": _new_id(), **quantity}


def _amount(text: str, currency: str) -> Ask:
    if not text:
        return {}
    decimals = exponent(currency)
    # 1,050 is a thousand and fifty; 1,5 is somebody's one and a half, and must not become fifteen.
    amount = _AMOUNT.fullmatch(text.replace(",", "") if _GROUPED.fullmatch(text) else text)
    if amount is None or len(amount["rest"] or "") > decimals:
        raise ValueError(f"{text!r} is no amount of {currency}, which has {decimals} decimals")
    rest = (amount["rest"] or "").ljust(decimals, "0")
    return {"amount_minor": int(amount["whole"] + rest)}


def _new_id() -> str:
    return uuid7(0, os.urandom(10))
