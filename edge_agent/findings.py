"""What a self-test finds, as keys of the message catalogues, and how it is said to a person."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from domain.money import Language
from edge_agent.reasons import said
from edge_agent.texts import Texts, refusal

Verdict = Literal["ok", "warn", "bad"]

NOTHING: Mapping[str, object] = MappingProxyType({})
_WORDS = {"state": "link", "health": "health", "level": "level"}


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        check: what was looked at, always in the same words, for programs.
        verdict: how it is.
        found: ``finding.<found>`` says it.
        values: fill the texts; an exception is said as it is said to a person.
        then: ``next.<then>`` says what to do; empty = nothing.
    """

    check: str
    verdict: Verdict
    found: str
    values: Mapping[str, object] = NOTHING
    then: str = ""


class Told(NamedTuple):
    """A finding in a person's language; ``check`` and ``found`` stay as they are, for programs."""

    check: str
    verdict: Verdict
    found: str
    title: str
    text: str
    next_step: str


def told(finding: Finding, texts: Texts, lang: Language) -> Told:
    """Return what a finding says to a person.

    Args:
        finding: what was found.
        texts: all texts of the person's language.
        lang: the same, for money.
    """
    values = {name: _said(name, value, texts, lang) for name, value in finding.values.items()}
    kind, _, device = finding.check.partition(" ")
    if "reason" in values:
        values["reason"] = said(values["reason"], texts)
    return Told(
        finding.check,
        finding.verdict,
        finding.found,
        texts[f"check.{kind}"].format(device=device),
        texts[f"finding.{finding.found}"].format(**values).rstrip(" :："),  # a device without a reason
        texts[f"next.{finding.then}"].format(**values) if finding.then else "",
    )


def _said(name: str, value: object, texts: Texts, lang: Language) -> str:
    if isinstance(value, Exception):
        return refusal(texts, lang, type(value).__name__, vars(value), str(value))
    return texts[f"{_WORDS[name]}.{value}"] if name in _WORDS else str(value)
