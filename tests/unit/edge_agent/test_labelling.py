"""Shelf labels of a store: what stands on them, one batch at a time, and an honest end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from devices.health import Report
from devices.label import Linear, Symbology
from devices.memory_label import MemoryLabelPrinter
from devices.registry import DeviceSettings
from domain.catalogue import Barcode, Item
from domain.errors import PriceMissing
from domain.ids import SkuId
from edge_agent import labelling
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.counter import Counter
from edge_agent.errors import AgentRefused, LabelsRefused, UnknownBarcode
from edge_agent.handlers.labels import Labelled
from edge_agent.label_face import follow
from edge_agent.labelling import Labelling, content_of
from edge_agent.settings import ShelfLabelSettings
from edge_agent.texts import texts
from tests.edge_store import TEA, UNPRICED, Store
from tests.waiting import until


class Counterside:
    """A store with a label printer, and the words that are said to it."""

    def __init__(self, store: Store, *, printer: bool = True) -> None:
        self.printer = MemoryLabelPrinter("labels-1")
        settings = DeviceSettings("labels-1", "label_zpl", "/dev/x")
        self.bays = [Bay(settings, self._build)] if printer else []
        counter = Counter(store.journal, store.clock)
        self.labelling = Labelling(Attached(self.bays), counter, ShelfLabelSettings())

    def _build(self, report: Report) -> MemoryLabelPrinter:
        del report
        return self.printer

    async def say(self, do: str, **ask: Any) -> dict[str, Any]:
        return await self.labelling.words[do]({"do": do, **ask})

    async def ended(self) -> dict[str, Any]:
        await until(lambda: self.labelling._outcome is not None)
        return await self.say("labels_progress")


@asynccontextmanager
async def running(made: Counterside) -> AsyncIterator[Counterside]:
    async with asyncio.TaskGroup() as tasks:
        works = [tasks.create_task(work) for work in made.labelling.work().values()]
        works += [tasks.create_task(bay.run()) for bay in made.bays]
        yield made
        for work in works:
            work.cancel()


@pytest.fixture
async def desk(shop: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counterside]:
    monkeypatch.setattr(labelling, "PATIENCE_S", 0.2)
    async with running(Counterside(shop)) as made:
        yield made


async def test_labels_of_the_catalogue_are_printed(desk: Counterside) -> None:
    told = await desk.say("labels", codes=[TEA, "06013"], copies=2)
    assert (told["state"], told["total"]) == ("printing", 4)
    assert await desk.ended() == {
        "batch": told["batch"],
        "state": "printed",
        "printed": 4,
        "unknown": 0,
        "total": 4,
        "reason": "",
    }
    assert len(desk.printer.printed) == 4
    codes = [element for element in desk.printer.printed[0].elements if isinstance(element, Linear)]
    assert [(code.symbology, code.data) for code in codes] == [(Symbology.EAN13, TEA)]


async def test_many_labels_go_in_pieces_and_are_counted_together(desk: Counterside) -> None:
    await desk.say("labels", codes=[TEA] * 50)
    assert (await desk.ended())["printed"] == 50
    assert len(desk.printer.printed) == 50


async def test_a_roll_that_ended_leaves_a_rest_that_is_printed_once(desk: Counterside) -> None:
    desk.printer.load(25)
    await desk.say("labels", codes=[TEA] * 30)
    ended = await desk.ended()
    assert (ended["state"], ended["printed"]) == ("failed", 25)
    assert "out of labels" in ended["reason"]
    desk.printer.load(None)
    assert (await desk.say("labels_rest"))["total"] == 5
    assert (await desk.ended())["state"] == "printed"
    assert len(desk.printer.printed) == 30
    with pytest.raises(LabelsRefused, match="nothing missing"):
        await desk.say("labels_rest")


async def test_one_batch_at_a_time(desk: Counterside) -> None:
    desk.printer.load(0)
    await desk.say("labels", codes=[TEA])
    await until(lambda: desk.labelling._progress.waiting_for)
    assert (await desk.say("labels_progress"))["reason"] == "out of labels"
    with pytest.raises(LabelsRefused, match="under way"):
        await desk.say("labels", codes=[TEA])


async def test_an_unknown_code_or_price_prints_nothing_at_all(desk: Counterside) -> None:
    with pytest.raises(UnknownBarcode):
        await desk.say("labels", codes=[TEA, "nothing"])
    with pytest.raises(PriceMissing):
        await desk.say("labels", codes=[TEA, UNPRICED])
    with pytest.raises(LabelsRefused, match="too many"):
        await desk.say("labels", codes=[TEA], copies=1000)
    assert (await desk.say("labels_progress"))["state"] == "none"
    assert desk.printer.printed == []


async def test_a_store_without_a_label_printer_says_so(shop: Store) -> None:
    made = Counterside(shop, printer=False)
    assert made.labelling.work() == {}
    with pytest.raises(LabelsRefused, match="no label printer"):
        await made.say("labels", codes=[TEA])


async def test_a_mute_printer_leaves_everything_unknown(desk: Counterside) -> None:
    desk.printer.set(mute=True)
    await desk.say("labels", codes=[TEA], copies=3)
    ended = await desk.ended()
    assert (ended["state"], ended["printed"], ended["unknown"]) == ("unknown", 0, 3)
    with pytest.raises(LabelsRefused):
        await desk.say("labels_rest")
    assert (await desk.say("labels_rest", unknown_too=True))["total"] == 3
    await desk.ended()


def test_what_stands_on_a_label() -> None:
    item = Item(
        SkuId("A-1"),
        "烟台苹果",
        "Yantai apples",
        "kg",
        (Barcode("12", 12000), Barcode("6921168509256")),
        attributes={"产地": "烟台"},
    )
    content = content_of(Labelled(item, 1281, "CNY"), ShelfLabelSettings())
    assert (content.name, content.second_name, content.origin, content.unit) == (
        "烟台苹果",
        "Yantai apples",
        "烟台",
        "kg",
    )
    assert (content.reference_minor, content.reference_unit) == (641, "500 g")
    assert (content.code, content.supervision_phone) == ("6921168509256", "12315")
    plain = content_of(Labelled(Item(SkuId("B-2"), "", "Screw"), 5, "EUR"), ShelfLabelSettings(language="en"))
    assert (plain.name, plain.second_name, plain.unit, plain.code, plain.reference_minor) == (
        "Screw",
        "",
        "",
        "B-2",
        None,
    )


class Scripted:
    """A control line whose answers are written down."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def ask(self, **question: Any) -> dict[str, Any]:
        self.asked.append(question["do"])
        return self._answers.pop(0)


def told(state: str, printed: int, reason: str = "") -> dict[str, Any]:
    return {"ok": {"batch": "b", "state": state, "printed": printed, "unknown": 1, "total": 3, "reason": reason}}


@pytest.mark.parametrize(("language", "words"), [("en", "waiting: out of labels"), ("zh-CN", "等待：标签用完")])
def test_somebody_at_a_terminal_sees_each_change_once(
    language: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.label_face.LOOK_S", 0)
    lines: list[str] = []
    line: Any = Scripted(
        told("printing", 0), told("printing", 0), told("printing", 1, "out of labels"), told("printed", 3)
    )
    assert follow(line, {"do": "labels"}, texts(language), lines.append)
    assert len(lines) == 3
    assert words in lines[1]
    assert line.asked == ["labels", *["labels_progress"] * 3]


def test_an_unknown_end_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.label_face.LOOK_S", 0)
    lines: list[str] = []
    line: Any = Scripted(told("unknown", 2, "the cable was pulled"))
    assert not follow(line, {"do": "labels"}, texts("en"), lines.append)
    assert "--rest" in lines[0]
    assert "1 may be" in lines[0]


def test_a_refusal_keeps_its_name_and_values() -> None:
    line: Any = Scripted({"error": "LabelsRefused", "message": "m", "values": {"reason": "no_label_printer"}})
    with pytest.raises(AgentRefused) as refusal:
        follow(line, {"do": "labels"}, texts("en"), print)
    assert (refusal.value.refused, refusal.value.values) == ("LabelsRefused", {"reason": "no_label_printer"})
