"""``shopwire edge label`` beside a running store: labels come out, a roll is changed, the rest is printed."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shopwire
from devices.registry import DeviceSettings
from edge_agent import labelling
from edge_agent.db.journal import Journal
from firmware_sim.label import LabelSim
from firmware_sim.wire import PtyWire, TcpWire
from tests.edge_running import RunningStore, running_store
from tests.edge_store import RICE, TEA, stock_up
from tests.labels import codes_read
from tests.waiting import until

FAST: dict[str, str | int | float | bool] = {"reply_s": 0.2, "look_s": 0.02, "poll_s": 0.1}


def stock(store: RunningStore) -> None:
    journal = store.edge.journal
    assert isinstance(journal, Journal)
    journal.call(lambda: stock_up(journal))


async def label(store: RunningStore, *words: str, lang: str = "en") -> Result:
    arguments = ["--lang", lang, "edge", "label", *words, "--data-dir", str(store.edge.data.path)]
    return await asyncio.to_thread(lambda: CliRunner().invoke(shopwire.main, arguments))


@pytest.fixture(params=["label_zpl", "label_tspl"])
async def sim(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LabelSim]:
    zpl = request.param == "label_zpl"
    async with LabelSim(TcpWire() if zpl else PtyWire(tmp_path / "printer"), "zpl" if zpl else "tspl") as made:
        yield made


def attached(sim: LabelSim) -> list[DeviceSettings]:
    return [DeviceSettings("labels-1", f"label_{sim.model.language}", sim.address, "generic-203", FAST)]


async def test_labels_of_the_catalogue_come_out_and_can_be_scanned(sim: LabelSim, tmp_path: Path) -> None:
    async with running_store(tmp_path, attached(sim)) as store:
        stock(store)
        await store.until_health("labels-1", "ok")
        done = await label(store, TEA, "RICE", "--copies", "2")
        assert done.exit_code == 0, done.output
        assert done.output.splitlines()[-1] == "All 4 labels are printed."
        assert [codes_read(each.image) for each in sim.labels] == [[TEA], [TEA], [RICE], [RICE]]
        looked = await label(store, "--progress", "--json")
        assert json.loads(looked.output)["printed"] == 4
        unknown = await label(store, "NOTHING")
        assert (unknown.exit_code, sim.mechanism.printed) == (1, 4)
        assert "NOTHING" in unknown.output
        for lang in ("en", "zh"):
            told = json.loads((await label(store, "NOTHING", "--json", lang=lang)).stdout)
            assert told["error"] == "UnknownBarcode"


async def test_a_batch_that_ended_badly_says_so_and_its_rest_is_printed(
    sim: LabelSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "PATIENCE_S", 0.5)
    async with running_store(tmp_path, attached(sim)) as store:
        stock(store)
        await store.until_health("labels-1", "ok")
        sim.handle({"paper": "out", "after": 2})
        done = await label(store, TEA, TEA, TEA, TEA, TEA, TEA, lang="zh")
        assert done.exit_code == 1
        assert "--rest" in done.output
        told = json.loads((await label(store, "--progress", "--json")).output)
        assert told["printed"] <= 2 <= told["printed"] + told["unknown"] < 6
        held = told["printed"] + told["unknown"]
        sim.handle({"paper": "load"})
        await until(lambda: not sim.mechanism.formats)
        rest = await label(store, "--rest")
        assert rest.exit_code == 0, rest.output
        assert f"All {6 - held} labels" in rest.output


async def test_a_store_without_a_label_printer_says_how_to_get_one(tmp_path: Path) -> None:
    async with running_store(tmp_path, []) as store:
        done = await label(store, TEA)
        assert done.exit_code == 1
        assert "label_zpl" in done.output
        assert (await label(store, "--rest", TEA)).exit_code == 2
