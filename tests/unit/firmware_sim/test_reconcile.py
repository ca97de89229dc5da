"""The reckoning sees every kind of difference, and none where there is none."""

import json
from typing import Any

import pyarrow as pa
import pytest

from firmware_sim.replay import dataset
from firmware_sim.replay.reconcile import (
    CELL_SCHEMA,
    KEYS,
    MEASURES,
    compare_baskets,
    differing_cells,
    read_cells,
    read_refs,
)

CELL = {"store": "330", "business_date": "2017-01-01", "sku": "25671"} | dict.fromkeys(MEASURES, 5)


def _table(*cells: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(cells), schema=CELL_SCHEMA)


def _ndjson(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_the_source_agrees_with_itself() -> None:
    source = dataset.read(1, 1)
    cells = source.cells(*source.days())
    assert cells.num_rows > 1000
    assert differing_cells(cells, [cells]).num_rows == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_each_measure_that_differs_is_seen(measure: str) -> None:
    (row,) = differing_cells(_table(CELL), [_table(CELL | {measure: 7})]).to_pylist()
    assert {name: row[name] for name in KEYS} == {name: CELL[name] for name in KEYS}
    assert {name: row[name] for name in MEASURES} == dict.fromkeys(MEASURES, 0) | {measure: -2}


@pytest.mark.parametrize("key", KEYS)
def test_a_sale_in_the_wrong_cell_is_two_differences(key: str) -> None:
    assert differing_cells(_table(CELL), [_table(CELL | {key: "2017-01-02"})]).num_rows == 2


def test_a_cell_that_one_side_lacks_is_a_difference() -> None:
    nothing = _table()
    assert differing_cells(_table(CELL), [nothing]).num_rows == 1
    assert differing_cells(nothing, [_table(CELL)]).num_rows == 1
    assert differing_cells(nothing, [nothing]).num_rows == 0


def test_headquarters_may_answer_in_parts() -> None:
    other = CELL | {"sku": "7"}
    assert differing_cells(_table(CELL, other), [_table(other), _table(CELL)]).num_rows == 0


def test_reports_are_read_as_they_come() -> None:
    cells = read_cells(_ndjson(CELL | {"something_new": 1}, CELL | {"sku": "7"}))
    assert cells.column("sku").to_pylist() == ["25671", "7"]
    assert read_refs(_ndjson({"source_ref": "31198570044", "sale_id": "a", "edge": "S330"})).to_pylist() == [
        "31198570044"
    ]
    assert read_cells(_ndjson()).num_rows == 0
    assert len(read_refs(_ndjson())) == 0


def test_baskets_lost_doubled_and_made_up_are_told_apart() -> None:
    source = pa.array(["1", "2", "3", "4"])
    found = compare_baskets(source, pa.array(["2", "1", "2", "2", "4", "phantom"]))
    assert found.missing == ["3"]
    assert sorted(found.duplicated) == ["2", "2", "phantom"]
    agreed = compare_baskets(source, pa.array(["4", "3", "2", "1"]))
    assert (agreed.missing, agreed.duplicated) == ([], [])
