"""What the chaos tests share: a small chain sells real baskets while something is broken again and again.

The oracle is kept outside the product: what each store's host printed as committed. Afterwards headquarters must hold exactly that, the
source's figures must come out to the unit and the cent, and the doctors of both sides must find nothing.
"""

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from firmware_sim.chain.api import Api
from firmware_sim.chain.headquarters import run_once
from firmware_sim.chain.host import Answer
from firmware_sim.chain.shopwire import shopwire
from firmware_sim.replay import dataset
from firmware_sim.replay.faults import Fault, FaultKind, schedule
from firmware_sim.replay.progress import Progress
from firmware_sim.replay.run import Options, Outcome, Replay, Witness
from firmware_sim.texts import Texts

STORES, HOSTS = 4, 2
SELLING_S = 9.0


class Books(Witness):
    """What the stores printed, and what headquarters says it knows."""

    def __init__(self) -> None:
        self.printed: list[Answer] = []
        self.known: list[dict[str, str]] = []

    def heard(self, answer: Answer) -> None:
        self.printed.append(answer)

    def inspect(self, api: Api) -> None:
        rows = api.get_bytes("/v1/reports/source-refs").splitlines()
        self.known = [msgspec.json.decode(row, type=dict[str, str]) for row in rows]

    def agree(self) -> None:
        """Compare the two books: every printed sale is known exactly once under its own id, and nothing else is."""
        assert [answer for answer in self.printed if "error" in answer] == []
        printed = Counter((answer["source_ref"], answer["sale_id"], answer["edge"]) for answer in self.printed)
        assert printed == Counter((row["source_ref"], row["sale_id"], row["edge"]) for row in self.known)
        assert set(printed.values()) == {1}
        for edge in {answer["edge"] for answer in self.printed}:
            numbers = sorted(answer["receipt_no"] for answer in self.printed if answer["edge"] == edge)
            assert numbers == list(range(1, len(numbers) + 1)), f"{edge}: receipt numbers have a gap or a double"


async def sell_while(
    kinds: Sequence[FaultKind], folder: Path, *, count: int, seed: int = 1, database: str = ""
) -> Outcome:
    """Sell two weeks of a few stores in about ``SELLING_S`` seconds under ``count`` faults, and check all books."""
    source = dataset.read(1, 2, stores=STORES)
    faults: list[Fault] = schedule(seed, source.totals.baskets, HOSTS, kinds, count)
    first, last = source.days()
    speed = (last - first).total_seconds() / SELLING_S
    options = Options(processes=HOSTS, folder=folder, faults=faults, database=database, speed=speed)
    books, said = Books(), io.StringIO()
    outcome = await Replay(options, source, Progress(Texts("en"), said), books).run()
    assert outcome.summary.agrees, said.getvalue() + "\n".join(outcome.examples)
    assert outcome.summary.faults == count
    books.agree()
    await _visit_doctor(books, folder)
    return outcome


async def _visit_doctor(books: Books, folder: Path) -> None:
    for edge, data in _homes(folder, {answer["edge"] for answer in books.printed}).items():
        await run_once(f"doctor-{edge}", shopwire("edge", "doctor", "--data-dir", str(data)), folder / "logs")


def _homes(folder: Path, edges: set[str]) -> dict[str, Path]:
    found = {home.name: home for home in folder.glob("edges-*/*") if home.name in edges}
    assert found.keys() == edges
    return found
