"""What a store does with its devices, each thing by itself: printing receipts, taking scans, weighing, showing, labelling.

A feature is a small class beside this file. It takes what it needs (``Attached``, ``Counter``, ``Lane``), is made in
``edge_agent.bootstrap.agent_of``, and brings

- ``words``: what it answers on the control socket, ``{"do": "<word>", …}`` in, a JSON object out; names are unique in the agent;
- ``work()``: what it keeps running, by task name. A name that begins with ``scans:`` brings new work and is ended first at a stop;
- ``finish()``: what is worth waiting for at a stop, within the agent's grace time.

A device that fails must end none of this: ``Bay.ask`` raises ``DeviceUnavailable``, ``Bay.tell`` raises nothing. An error of the journal
(``StorageError``) must end all of it: do not catch it.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from edge_agent.control import Ask

Word = Callable[[Ask], Awaitable[dict[str, Any]]]
Work = Mapping[str, Coroutine[Any, Any, Any]]


class Feature(Protocol):
    """One thing that the store does with its devices."""

    @property
    def words(self) -> Mapping[str, Word]:
        """What it answers on the control socket."""

    def work(self) -> Work:
        """Return what it keeps running, by task name."""

    async def finish(self) -> None:
        """Finish what is open; the agent takes no new work any more."""
