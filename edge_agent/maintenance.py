"""What an edge does beside selling, each on its own slow beat: room on the disk, old facts, the certificate."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from edge_agent.edge import Edge
from edge_agent.errors import DiskFull
from edge_agent.storage import Level
from link.enrolment import renew
from link.errors import LinkError

SWEEP_S = 60.0
RENEW_LOOK_S = 3600.0
RENEW_RETRY_S = 300.0

_log = structlog.get_logger(__name__)


async def keep_room(sweep: Callable[[], Level], pause_s: float = SWEEP_S) -> None:
    """Drop what the disk's level asks for; log when the level changes."""
    last = Level.NORMAL
    while True:
        level = await asyncio.to_thread(sweep)
        if level != last:
            told = _log.error if level is Level.REFUSE_SALES else _log.warning if level > last else _log.info
            told("disk_level_changed", level=level.name.lower(), before=last.name.lower())
            last = level
        await asyncio.sleep(pause_s)


async def release_old_facts(release: Callable[[], Awaitable[int]], pause_s: float = RENEW_LOOK_S) -> None:
    """Delete facts that headquarters has, has backed up, and that are older than their retention, a few at a time."""
    while True:
        try:
            released = await release()
        except DiskFull:  # even deleting takes room in the log of writes; the disk's level is told by ``keep_room``
            released = 0
        if not released:
            await asyncio.sleep(pause_s)


async def renew_certificate(
    due: Callable[[datetime], bool],
    renew: Callable[[datetime], None],
    now: Callable[[], datetime],
    retry_s: float = RENEW_RETRY_S,
) -> None:
    """Renew at two thirds of the certificate's life; a refusal is logged once and tried again."""
    troubled = False
    while True:
        pause_s = RENEW_LOOK_S
        try:
            if await asyncio.to_thread(due, now()):
                await asyncio.to_thread(renew, now())
                _log.info("certificate_renewed")
            troubled = False
        except (LinkError, OSError) as error:  # refused, or no room for it on the disk: the present one serves on
            if not troubled:
                _log.warning("certificate_not_renewed", reason=str(error))
            troubled, pause_s = True, retry_s
        await asyncio.sleep(pause_s)


async def renewal(edge: Edge) -> None:
    """Renew the certificate of one edge for ever."""
    identity = edge.identity
    await renew_certificate(
        identity.renew_due, lambda now: renew(identity, now=now, software=edge.software), edge.hq_time.now
    )
