"""A batch of shelf labels as somebody at a terminal sees it: how far it is, what it waits for, what is missing."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edge_agent.control import ControlClient, answered
from edge_agent.reasons import said

LOOK_S = 0.3


def follow(
    client: ControlClient,
    ask: Mapping[str, Any],
    texts: Mapping[str, str],
    say: Callable[[str], None],
    *,
    as_json: bool = False,
) -> bool:
    """Begin what ``ask`` wants and tell each change until the batch has ended; True when nothing of it is missing.

    Raises:
        AgentRefused: the agent said no.
    """
    told, answer = "", answered(client.ask(**ask))
    while True:
        if (shown := _shown(answer, texts, as_json=as_json)) != told:
            told = shown
            say(shown)
        if answer["state"] != "printing":
            return answer["state"] in ("printed", "none")
        time.sleep(LOOK_S)
        answer = answered(client.ask(do="labels_progress"))


def _shown(answer: Mapping[str, Any], texts: Mapping[str, str], *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(answer).decode()
    waits = answer["state"] == "printing" and answer["reason"]
    return texts["labels.waiting" if waits else f"labels.{answer['state']}"].format(
        **{**answer, "reason": said(answer.get("reason", ""), texts)}
    )
