"""What people do to a printer and what they see of it, as JSON: the bench's page, scenarios and tests speak these.

{"paper": "out", "after_lines": 5}  {"paper": "load"}  {"paper": "near_end"}  {"tear": true}
{"cover": "open"}  {"cover": "close"}  {"jam": true}  {"jam": false}  {"overheat": true}  {"overheat": false}
{"drawer": "open" | "close" | "stick" | "free" | "unplug" | "plug"}  {"drawer_open_level": "high" | "low"}
{"speed": 2}  {"speed": null}  {"mute": true}  {"mute": false}  {"drop": 300}  {"power": "off"}  {"power": "on"}
{"fault": "unplug" | "replug" | "freeze" | "thaw" | "slow" | "fast" | "half" | "garbage"}: of the wire
{"do": "status"}: nothing
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firmware_sim.printer.server import PrinterSim

Command = dict[str, Any]

_WORDS = "paper, cover, tear, jam, overheat, drawer, drawer_open_level, speed, mute, drop, power, do, or fault"

# Older words for the same hands.
_FAULTS: dict[str, Callable[[Command], Command]] = {
    "paper_out": lambda command: {"paper": "out", "after_lines": command.get("after_lines", 0)},
    "paper_ok": lambda _: {"paper": "load"},
    "near_end": lambda _: {"paper": "near_end"},
    "cover_open": lambda _: {"cover": "open"},
    "cover_closed": lambda _: {"cover": "close"},
    "jam": lambda _: {"jam": True},
    "jam_cleared": lambda _: {"jam": False},
    "mute": lambda _: {"mute": True},
    "unmute": lambda _: {"mute": False},
    "drop": lambda command: {"drop": command.get("after_bytes", 0)},
    "power_off": lambda _: {"power": "off"},
    "power_on": lambda _: {"power": "on"},
    "slow": lambda command: {"speed": command["lines_per_s"]},
    "fast": lambda _: {"speed": None},
}


def is_own_fault(command: Command) -> bool:
    """Whether a fault is the printer's and not the wire's; both can be slow: ``lines_per_s`` is the printer's word."""
    word = command["fault"]
    return word in _FAULTS and (word != "slow" or "lines_per_s" in command) and word != "fast"


def without_fault(command: Command) -> Command:
    """Return the command that an older word stands for."""
    return _FAULTS[str(command["fault"])](command)


def do(printer: "PrinterSim", command: Command) -> None:
    """Carry out one command.

    Raises:
        KeyError, TypeError, ValueError: it is none of those above.
    """
    match command:
        case {"do": "status"}:
            pass
        case {"paper": "out"}:
            printer.run_out_of_paper(int(command.get("after_lines", 0)))
        case {"paper": "load"}:
            printer.load_paper()
        case {"paper": "near_end"}:
            printer.set_near_end()
        case {"tear": True}:
            printer.tear()
        case {"cover": "open" | "close" as word}:
            printer.open_cover() if word == "open" else printer.close_cover()
        case {"jam": bool(jammed)}:
            printer.jam_cutter(jammed)
        case {"overheat": bool(hot)}:
            printer.overheat(hot)
        case {"drawer": str(word)}:
            printer.set_drawer(word)
        case {"drawer_open_level": "high" | "low" as level}:
            printer.drawer.open_high = level == "high"
            printer.set_drawer()
        case {"power": "off" | "on" as word}:
            printer.power_off() if word == "off" else printer.power_on()
        case _:
            _tune(printer, command)


def _tune(printer: "PrinterSim", command: Command) -> None:
    match command:
        case {"speed": int() | float() as lines_per_s} if lines_per_s > 0:
            printer.lines_per_s = float(lines_per_s)
        case {"speed": None}:
            printer.lines_per_s = None
        case {"mute": bool(mute)}:
            printer.mute = mute
        case {"drop": int(after_bytes)}:
            printer.drop_connection(after_bytes)
        case _:
            raise ValueError(f"unknown command {command}: one of {_WORDS}; see python -m firmware_sim.printer --help")


def shown(printer: "PrinterSim") -> dict[str, Any]:
    """Return what a person who stands before the printer sees, and what only a bench can know (buffer, unknown bytes)."""
    condition = printer.condition
    return {
        "powered": printer.powered,
        "paper": printer.paper.text.split("\n") if printer.paper.text else [],
        "receipts": printer.receipts[-1].number if printer.receipts else 0,
        "last_receipt": printer.receipts[-1].lines if printer.receipts else [],
        "lines": printer.lines_printed,
        "cuts": printer.cuts,
        "lamps": {
            "power": printer.powered,
            "paper": condition.paper_end or condition.near_end,
            "error": condition.offline,
        },
        "condition": dataclasses.asdict(condition),
        "drawer_open": printer.drawer.open if printer.drawer.present else None,
        "drawer_pulses": printer.drawer_pulses,
        "buffered_bytes": printer.buffered_bytes,
        "dropped_bytes": printer.dropped_bytes,
        "unknown": [raw.hex() for raw in printer.unknown[-100:]],
    }
