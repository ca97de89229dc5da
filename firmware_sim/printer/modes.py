"""Commands that only change how the following characters look."""

from collections.abc import Callable

from firmware_sim.printer.line import Style

StyleCommand = Callable[[Style, bytes], None]


def _print_mode(style: Style, args: bytes) -> None:
    bits = args[0]
    style.small, style.bold = bool(bits & 1), bool(bits & 8)
    style.tall, style.wide = 1 + bool(bits & 16), 1 + bool(bits & 32)
    style.underline = bool(bits & 128)


def _size(style: Style, args: bytes) -> None:
    style.wide, style.tall = 1 + ((args[0] >> 4) & 7), 1 + (args[0] & 7)


def _chinese_mode(style: Style, args: bytes) -> None:
    bits = args[0]
    style.wide, style.tall, style.underline = 1 + bool(bits & 4), 1 + bool(bits & 8), bool(bits & 128)


def _quadruple(style: Style, args: bytes) -> None:
    style.wide = style.tall = 1 + (args[0] & 1)


def _line_spacing(style: Style, args: bytes) -> None:
    style.spacing_dots = args[0] if args else 30


def _character_gap(style: Style, args: bytes) -> None:
    style.gap_dots = args[0]


def _switch(name: str) -> StyleCommand:
    def handler(style: Style, args: bytes) -> None:
        setattr(style, name, bool(args[0] & 3))

    return handler


STYLE_COMMANDS: dict[str, StyleCommand] = {
    "ESC !": _print_mode,
    "ESC 2": _line_spacing,
    "ESC 3": _line_spacing,
    "ESC  ": _character_gap,
    "ESC -": _switch("underline"),
    "ESC E": _switch("bold"),
    "ESC G": _switch("bold"),
    "ESC M": _switch("small"),
    "GS !": _size,
    "GS B": _switch("inverse"),
    "FS !": _chinese_mode,
    "FS W": _quadruple,
    "FS -": _switch("underline"),
}
