"""The message catalogues: what a person reads, in zh-CN and en, by key."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from domain.money import Language as Short
from domain.money import format_minor
from domain.quantity import format_quantity
from edge_agent.reasons import said
from edge_agent.settings import Language

Texts = Mapping[str, str]
_WORDS = {"reason", "state", "event"}
_SENTENCES = {"reason", "cause", "detail", "finding"}


@cache
def texts(language: Language) -> Texts:
    """Return the catalogue of one language."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "locale" / f"{language}.json").read_text("utf-8"))
    return found


def short(language: Language) -> Short:
    """Return the language as the domain names it."""
    return "zh" if language == "zh-CN" else "en"


def spoken(lang: str) -> Language:
    """Return the catalogue for a command line's ``--lang`` (``zh`` or ``en``)."""
    return "zh-CN" if lang.startswith("zh") else "en"


def how(state: Mapping[str, Any], catalogue: Texts) -> str:
    """Return how a device is: the word for its ``health``, and its ``reason`` where there is one."""
    health = catalogue[f"health.{state['health']}"]
    if not state.get("reason"):
        return health
    return catalogue["finding.device"].format(health=health, reason=said(state["reason"], catalogue))


def refusal(
    catalogue: Texts, lang: Short, error: str, values: Mapping[str, Any], message: str, currency: str = "CNY"
) -> str:
    """Return what an error says to a person; ``message`` where the catalogue has no text for it: translated if it is a device's reason.

    Args:
        catalogue: all texts of the person's language.
        lang: the same, for money.
        error: name of the error's class, as in ``error.<name>``.
        values: its attributes; money, quantities and bytes are known by the ends of their names, reasons and steps are ``word.<value>``.
        message: as it stands in logs; a text may carry it behind its own sentence, as ``{message}``.
        currency: of the amounts.
    """
    text = catalogue.get(f"error.{error}")
    if text is None:
        return said(message, catalogue)
    words = {name: catalogue.get(f"word.{str(values[name]).replace(' ', '_')}") for name in values.keys() & _WORDS}
    sentences = {name: said(str(values[name]), catalogue) for name in values.keys() & _SENTENCES}
    filled = {
        name: words.get(name) or sentences.get(name) or _figure(name, value, currency, lang)
        for name, value in values.items()
    }
    return text.format(**{"message": said(message, catalogue), **filled})


def _figure(name: str, value: Any, currency: str, lang: Short) -> str:
    if not isinstance(value, int):
        return str(value)
    match name.rpartition("_")[2]:
        case "minor":
            return format_minor(value, currency, lang)
        case "milli":
            return format_quantity(value)
        case "bytes":
            return f"{value >> 20} MB"
        case _:
            return str(value)
