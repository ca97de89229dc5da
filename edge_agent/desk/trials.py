"""Trying a device out: a ticket on the printer, a weight from the scale, a beep, a lamp; what came of it says what to do next.

Nothing here sells, opens a drawer or takes money.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from devices.errors import DeviceError
from devices.label import LabelDocument
from devices.ports import DeviceState, Health, JobState, PrintJob, Scan
from devices.ports.display import Shown
from devices.ports.label import LabelBatch, LabelRun
from devices.ports.light import Colour, Signal, SignalLight
from devices.ports.scale import NotReady
from devices.receipt import Align, Cell, Columns, Cut, Element, Feed, Qr, ReceiptDocument, Rule, Text
from edge_agent.attached import AnyBay
from edge_agent.desk.steps import next_step
from edge_agent.findings import Finding, Verdict
from edge_agent.texts import Texts

PRINT_S = 25.0
LABEL_PATIENCE_S = 15.0
LAMP_S = 0.4
SCAN_S = 15.0

Try = Callable[[AnyBay, Texts], Awaitable[Finding]]


async def try_out(bay: AnyBay, texts: Texts, *, by_hand: bool = False) -> Finding:
    """Try one device and return what came of it; never raises for what a device does.

    Args:
        bay: the device, running.
        texts: for what appears on paper and displays.
        by_hand: a person stands there, who may show a code to a scanner.
    """
    if not bay.state.health.works:
        return _stands(bay)
    trial = TRIALS.get(bay.device_class, _no_trial)
    if by_hand and bay.device_class == "Scanner":
        trial = _scan_once
    try:
        return await trial(bay, texts)
    except DeviceError as error:
        return _found(bay, "bad", "try_failed", "device_runbook", reason=str(error))


def _stands(bay: AnyBay) -> Finding:
    state: DeviceState = bay.state
    verdict: Verdict = "ok" if state.health is Health.OK else "warn" if state.health.works else "bad"
    return _found(
        bay,
        verdict,
        "device",
        "" if verdict == "ok" else next_step(state.reason),
        health=state.health.value,
        reason=state.reason,
    )


def _found(bay: AnyBay, verdict: Verdict, found: str, then: str = "", **values: object) -> Finding:
    about = {"kind": bay.settings.kind, "address": bay.settings.address, "device": bay.device_id}
    return Finding(f"device {bay.device_id}", verdict, found, about | values, then)


async def _no_trial(bay: AnyBay, texts: Texts) -> Finding:
    return _stands(bay)


async def _print_ticket(bay: AnyBay, texts: Texts) -> Finding:
    job = PrintJob(f"test-{time.monotonic_ns():x}", ticket(bay, texts))
    outcome = await bay.ask(lambda printer: printer.print(job), PRINT_S)
    if outcome.state is JobState.PRINTED:
        return _found(bay, "ok", "try_printed")
    verdict: Verdict = "bad" if outcome.state is JobState.FAILED else "warn"
    return _found(bay, verdict, "try_not_printed", "device_paper", reason=outcome.reason)


def ticket(bay: AnyBay, texts: Texts) -> ReceiptDocument:
    """Return a test ticket that shows what goes wrong first: Chinese, width, symbols, the cut."""
    now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}"  # the box's own zone, named: receipts have the store's
    rows = [(texts["ticket.device"], bay.device_id), (texts["ticket.time"], now), (texts["ticket.price"], "￥12.34")]
    elements: list[Element] = [
        Text(texts["ticket.title"], Align.CENTER, 2, 2, bold=True),
        Rule(),
        *(Columns((Cell(name), Cell(value, 22, Align.RIGHT))) for name, value in rows),
        Text("中文测试：龙井茶 瓶装水 １２３"),
        Text("ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789"),
        Rule("="),
        Qr(f"shopwire test {bay.device_id} {now}"),
        Feed(),
        Cut(),
    ]
    return ReceiptDocument(tuple(elements))


async def _print_label(bay: AnyBay, texts: Texts) -> Finding:
    batch = LabelBatch(f"test-{time.monotonic_ns():x}", (LabelRun(label(bay, texts)),), LABEL_PATIENCE_S)
    outcome = await bay.ask(lambda printer: printer.print_batch(batch), PRINT_S)
    if outcome.state is JobState.PRINTED:
        return _found(bay, "ok", "try_label")
    verdict: Verdict = "bad" if outcome.state is JobState.FAILED else "warn"
    return _found(bay, verdict, "try_not_printed", "device_paper", reason=outcome.reason)


def label(bay: AnyBay, texts: Texts) -> LabelDocument:
    """Return a test label for the smallest paper in use, with a code that any scanner reads."""
    from devices.labelling.templates import (
        MIN_SHELF_MM,
        ShelfContent,
        shelf_label,
    )  # only where there is a label printer

    content = ShelfContent(texts["ticket.title"], 1234, second_name=bay.device_id, code="6901234567892")
    return shelf_label(content, size_mm=MIN_SHELF_MM)


async def _weigh(bay: AnyBay, texts: Texts) -> Finding:
    weight = await bay.ask(lambda scale: scale.weigh(2.0), 6.0)
    if isinstance(weight, NotReady):
        # An empty platter is below the least weight: that is an answer, and a good one.
        calm = weight.reason.value in ("below_minimum", "not_removed")
        return _found(
            bay,
            "ok" if calm else "warn",
            "try_no_weight",
            "" if calm else "device_scale",
            why=texts.get(f"word.{weight.reason.value}", weight.reason.value),
        )
    return _found(bay, "ok", "try_weight", grams=weight.weight_g)


async def _show(bay: AnyBay, texts: Texts) -> Finding:
    bay.tell(lambda display: display.show(Shown("total", texts["ticket.title"], 1234, ascii="SHOPWIRE TEST")))
    await asyncio.sleep(2 * LAMP_S)  # until a slow line has carried it
    return _found(bay, "ok", "try_shown") if bay.state.health.works else _stands(bay)


async def _light(bay: AnyBay, texts: Texts) -> Finding:
    for signal in (*(Signal(frozenset({colour})) for colour in Colour), Signal()):
        bay.tell(partial(_lamps, signal=signal))
        await asyncio.sleep(LAMP_S)
    return _found(bay, "ok", "try_lamps") if bay.state.health.works else _stands(bay)


def _lamps(light: SignalLight, signal: Signal) -> None:
    light.signal(signal)


async def _look_at_drawer(bay: AnyBay, texts: Texts) -> Finding:
    is_open = await bay.ask(lambda drawer: drawer.is_open(), 6.0)
    if is_open is None:
        return _found(bay, "warn", "try_drawer_unknown", "learn_drawer")
    return _found(bay, "ok", "try_drawer_open" if is_open else "try_drawer_closed")


async def _beep(bay: AnyBay, texts: Texts) -> Finding:
    if not bay.peek(lambda scanner: scanner.can.beep if hasattr(scanner, "can") else False, otherwise=False):
        return _stands(bay)
    await bay.ask(lambda scanner: scanner.beep(good=True), 5.0)
    return _found(bay, "ok", "try_beeped")


async def _scan_once(bay: AnyBay, texts: Texts) -> Finding:
    with suppress(DeviceError):
        await _beep(bay, texts)
    try:
        async with asyncio.timeout(SCAN_S):
            async for read in bay.stream(aiter):
                return _found(bay, "ok", "try_scanned", code=said(read), aim=read.symbology or "-")
    except TimeoutError:
        pass
    return _found(bay, "warn", "try_nothing_scanned", "device_runbook", seconds=f"{SCAN_S:g}")


def said(read: Scan) -> str:
    """Return a code as a person may see it."""
    return read.data.replace("\x1d", "{GS}")


TRIALS: dict[str, Try] = {
    "POSPrinter": _print_ticket,
    "LabelPrinter": _print_label,
    "Scale": _weigh,
    "LineDisplay": _show,
    "Lights": _light,
    "CashDrawer": _look_at_drawer,
    "Scanner": _beep,
}
"""By UnifiedPOS class; a class that is not here is tried by looking at its state."""
