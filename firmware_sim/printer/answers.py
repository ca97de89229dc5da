"""Answers to the questions that wait their turn behind print data: status, identity, end of job."""

from firmware_sim.printer.condition import Condition
from firmware_sim.printer.model import PrinterModel
from firmware_sim.printer.parser import Command


def answer(command: Command, model: PrinterModel, condition: Condition) -> bytes | None:
    """Return the bytes that answer ``command``, None if it is no question or one that this printer ignores."""
    match command.name:
        case "GS r":
            return _status(command.args[0], condition)
        case "ESC u":
            return _status(2, condition)
        case "ESC v":
            return _status(1, condition)
        case "GS I":
            return _identity(command.args[0], model)
        case "GS (H" if command.args[3:5] == b"\x30\x30" and len(command.args) >= 9:
            return b"\x37\x22" + command.args[5:9] + b"\0"
    return None


def _status(number: int, condition: Condition) -> bytes | None:
    if number in (1, 49):
        return bytes([condition.paper_byte()])
    return bytes([int(condition.drawer_pin_high)]) if number in (2, 50) else None


def _identity(number: int, model: PrinterModel) -> bytes | None:
    blocks = {65: "1.00", 66: model.maker, 67: model.name, 68: "SIM0001", 69: "CHINA GB18030"}
    if number in blocks:
        return b"\x5f" + blocks[number].encode() + b"\0"
    single = {1: 0x20, 2: 1 | (model.cutter << 1), 3: 0x01}.get(number % 48)
    return None if single is None else bytes([single])
