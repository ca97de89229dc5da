"""How a store stands: asked of the running agent, and read from the file whether it runs or not."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from edge_agent.control import ControlClient
from edge_agent.data_dir import DataDir
from edge_agent.db.report import report_on
from edge_agent.errors import AgentNotRunning, DatabaseMissing, NotEnrolled
from edge_agent.reasons import said
from edge_agent.settings import EdgeSettings
from edge_agent.storage import DiskBudget, space_of
from edge_agent.texts import Texts, how
from link.errors import IdentityRefused
from link.identity import EdgeIdentity

Standing = dict[str, Any]


def journal_in(directory: Path) -> Path:
    """Return the store's file below ``directory``, for reading.

    Raises:
        NotEnrolled: no store lives there; perhaps it is the wrong directory.
        DatabaseMissing: one does, and its file is gone.
    """
    data = DataDir(directory)
    if not data.database.exists():
        identity = EdgeIdentity(data.identity)
        if not identity.enrolled:
            raise NotEnrolled(data.identity)
        raise DatabaseMissing(data.database, identity.card().edge)
    return data.database


def standing_of(settings: EdgeSettings) -> Standing:
    """Return what agent and file say.

    Raises:
        NotEnrolled: no store lives in the data directory.
        StorageError: its file is gone, or cannot be read.
    """
    data = DataDir(Path(settings.data_dir))
    with report_on(journal_in(data.path)) as report:
        standing: Standing = {"running": False, **report.state()}
    standing |= _identity(data) | _disk(data, settings)
    try:
        client = ControlClient(data.control)
    except AgentNotRunning:
        return standing
    try:
        standing |= client.ask(do="status").get("ok", {}) | {"running": True}
    finally:
        client.close()
    return standing


def lines_of(standing: Standing, texts: Texts) -> Iterator[str]:
    """Yield lines for a person."""

    def line(key: str, value: str, **values: object) -> str:
        return f"{texts[f'status.{key}'].format(**values)}: {value}"

    yield line("edge", f"{standing.get('edge', '?')} ({standing.get('store', '?')})")
    running = texts["status.running" if standing["running"] else "status.not_running"]
    yield line("agent", running.format(boot_id=standing.get("boot_id", "")))
    if standing["running"]:
        yield line("link", _road(standing["link"], texts))
    if "epoch" in standing:
        yield line("stream", texts["status.stream_text"].format(**standing))
        yield line(
            "sales", texts["status.sales_text"].format(sales=standing["sales"], receipt=standing["last_receipt"] or "-")
        )
        version = standing["price_version"] or 0
        yield line(
            "catalogue",
            texts["status.catalogue_text"].format(items=standing["items"], prices=standing["prices"], version=version),
        )
    for open_sale in standing["open"]:
        yield line("basket", texts["status.basket_text"].format(**open_sale))
    disk = standing["disk"]
    yield line(
        "disk",
        texts["status.disk_text"].format(free_mb=disk["free_bytes"] >> 20, level=texts[f"level.{disk['level']}"]),
    )
    for device, state in standing.get("devices", {}).items():
        yield line("device", _device(state, texts), device=device)


def _device(state: Standing, texts: Texts) -> str:
    said = how(state, texts)
    if state["health"] == "ok" or not state.get("since_at"):
        return said
    since = datetime.fromisoformat(state["since_at"]).astimezone()
    return f"{said} {texts['status.since'].format(since=f'{since:%m-%d %H:%M}')}"


def _road(link: Standing, texts: Texts) -> str:
    state = texts[f"link.{link['state']}"]
    return texts["link.because"].format(state=state, reason=said(link["reason"], texts)) if link["reason"] else state


def _identity(data: DataDir) -> Standing:
    try:
        return {"store": EdgeIdentity(data.identity).card().store}
    except IdentityRefused:
        return {}


def _disk(data: DataDir, settings: EdgeSettings) -> Standing:
    space = space_of(data.path)
    level = DiskBudget(settings.storage, lambda: space).level()
    return {"disk": {"free_bytes": space.free, "level": level.name.lower()}}
