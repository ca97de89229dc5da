"""Each invariant, broken by hand: the doctor must see it. Over both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import shopwire
from coordinator.db.doctor import examine
from tests.contract.coordinator.chain import Chain, moved, voided


@pytest.fixture
def chain(url: str) -> Iterator[Chain]:
    made = Chain(url)
    for name, edge in made.edges.items():
        first = edge.sale(3)
        made.send(name, first, edge.sale(2), edge.sale(total_minor=1), edge.sale())
        made.send(name, moved(edge.store, "received", ("TEA-1", 9000)), voided(first.sale.sale_id))
    yield made
    made.close()


def broken(chain: Chain) -> set[str]:
    return {finding.id for finding in examine(chain.database) if not finding.holds}


def tamper(chain: Chain, sql: str) -> None:
    with chain.database.engine.begin() as connection:
        connection.execute(text(sql))


def test_an_untouched_database_is_well(chain: Chain) -> None:
    assert [finding.id for finding in examine(chain.database)] == ["I1", "I2", "I3", "I6", "I10", "I12", "I13"]
    assert broken(chain) == set()


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("DELETE FROM sale_line WHERE sale_no = 2 AND no = 1", {"I1", "I2"}),
        ("UPDATE sale SET total_minor = total_minor + 1 WHERE sale_no = 2", {"I1", "I3"}),
        ("UPDATE sale_tender SET amount_minor = amount_minor + 1 WHERE sale_no = 2", {"I1"}),
        ("DELETE FROM sale WHERE sale_no = 2", {"I1", "I2", "I3", "I6"}),
        ("UPDATE stock SET on_hand_milli = on_hand_milli + 1 WHERE store = '1' AND sku = 'TEA-1'", {"I2"}),
        ("DELETE FROM stock_movement WHERE store = '2'", {"I2"}),
        ("UPDATE sale SET voided_at = NULL", {"I2", "I3"}),
        ("UPDATE posting SET amount_minor = amount_minor + 1 WHERE account = 'tender:cash' AND id = 1", {"I3"}),
        ("DELETE FROM posting WHERE account = 'revenue' AND edge = 'S1' AND seq = 2", {"I3"}),
        ("UPDATE sale SET receipt_no = 40 WHERE sale_no = 3", {"I6"}),
        ("UPDATE stream SET safe = next WHERE edge = 'S1'", {"I10"}),
        ("UPDATE stream SET next = next + 1 WHERE edge = 'S1'", {"I10", "I13"}),
        ("DELETE FROM event WHERE edge = 'S1' AND seq = 6", {"I10", "I13"}),
        ("DELETE FROM quarantine WHERE edge = 'S1'", {"I6", "I12"}),
        ("UPDATE quarantine SET value_minor = value_minor + 1 WHERE edge = 'S1'", {"I12"}),
        ("UPDATE posting SET account = 'revenue' WHERE account = 'suspense'", {"I3", "I12"}),
        (
            "UPDATE event SET bytes = (SELECT bytes FROM event WHERE edge = 'S2' AND seq = 5) WHERE edge = 'S1' AND seq = 5",
            {"I13"},
        ),
        (
            "UPDATE event SET hash = (SELECT hash FROM event WHERE edge = 'S2' AND seq = 5) WHERE edge = 'S1' AND seq = 5",
            {"I13"},
        ),
    ],
)
def test_what_is_broken_by_hand_is_reported(chain: Chain, sql: str, seen: set[str]) -> None:
    tamper(chain, sql)
    assert broken(chain) == seen
    assert all(finding.broken for finding in examine(chain.database) if not finding.holds)


def test_a_person_reads_what_is_broken_and_what_to_do(tmp_path: Path) -> None:
    chain = Chain(f"sqlite:///{tmp_path / 'coordinator.db'}")
    chain.send("S1", chain.edges["S1"].sale(3))
    tamper(chain, "UPDATE stock SET on_hand_milli = on_hand_milli + 1")
    chain.close()
    done = CliRunner().invoke(shopwire.main, ["--lang", "zh", "coordinator", "doctor", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1, done.output
    assert "✗ I2   各门店各商品的库存等于其变动之和" in done.output
    assert "→ 请保留现有数据库" in done.output
    assert done.output.count("→") == 1
