"""A batch of shelf labels as somebody at a terminal sees it: how far it is, what it waits for, what is missing."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import click
import msgspec

from domain.money import Language
from edge_agent.control import ControlClient
from edge_agent.reasons import said
from edge_agent.texts import refusal

LOOK_S = 0.3


class AgentRefused(click.ClickException):
    """The agent said no; ``refused`` is its name for what it is."""

    def __init__(self, refused: str, message: str) -> None:
        super().__init__(message)
        self.refused = refused


def follow(
    client: ControlClient,
    ask: Mapping[str, Any],
    texts: Mapping[str, str],
    lang: Language,
    say: Callable[[str], None],
    *,
    as_json: bool = False,
) -> bool:
    """Begin what ``ask`` wants and tell each change until the batch has ended; True when nothing of it is missing.

    Raises:
        AgentRefused: the agent did.
    """
    told, answer = "", _answered(client.ask(**ask), texts, lang)
    while True:
        if (shown := _shown(answer, texts, as_json=as_json)) != told:
            told = shown
            say(shown)
        if answer["state"] != "printing":
            return answer["state"] in ("printed", "none")
        time.sleep(LOOK_S)
        answer = _answered(client.ask(do="labels_progress"), texts, lang)


def _answered(answer: Mapping[str, Any], texts: Mapping[str, str], lang: Language) -> dict[str, Any]:
    if "ok" in answer:
        found: dict[str, Any] = answer["ok"]
        return found
    said_so = refusal(texts, lang, answer["error"], answer.get("values", {}), str(answer.get("message", "")))
    raise AgentRefused(str(answer["error"]), said_so)


def _shown(answer: Mapping[str, Any], texts: Mapping[str, str], *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(answer).decode()
    waits = answer["state"] == "printing" and answer["reason"]
    return texts["labels.waiting" if waits else f"labels.{answer['state']}"].format(
        **{**answer, "reason": said(answer.get("reason", ""), texts)}
    )
