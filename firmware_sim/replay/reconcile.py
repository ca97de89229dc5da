"""The reckoning: what headquarters knows against what the source says, cell by cell and basket by basket."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

KEYS = ("store", "business_date", "sku")
MEASURES = (
    "lines",
    "quantity_milli",
    "gross_minor",
    "net_minor",
    "retail_minor",
    "coupon_minor",
    "coupon_match_minor",
)
CELL_SCHEMA = pa.schema([*((name, pa.string()) for name in KEYS), *((name, pa.int64()) for name in MEASURES)])
_REF_SCHEMA = pa.schema([("source_ref", pa.string())])


@dataclass(frozen=True)
class Baskets:
    """How headquarters' list of baskets differs from the source's.

    Attributes:
        missing: baskets of the source that headquarters does not have.
        duplicated: sales at headquarters beyond one per basket, and sales that no basket of the source explains.
    """

    missing: list[str]
    duplicated: list[str]


def read_cells(report: bytes) -> pa.Table:
    """Return headquarters' report per store, day and product (NDJSON) as a table with ``KEYS`` and ``MEASURES``."""
    return _read_ndjson(report, CELL_SCHEMA)


def read_refs(report: bytes) -> pa.Array:
    """Return the source references in headquarters' list of sales (NDJSON), one entry per sale."""
    return _read_ndjson(report, _REF_SCHEMA)["source_ref"].combine_chunks()


def _read_ndjson(report: bytes, schema: pa.Schema) -> pa.Table:
    if not report:
        return schema.empty_table()  # pyarrow calls an empty file an error; here it is an answer
    parse = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    read = pyarrow.json.ReadOptions(block_size=1 << 22)
    return pyarrow.json.read_json(pa.BufferReader(report), read_options=read, parse_options=parse)


def differing_cells(source: pa.Table, headquarters: Iterable[pa.Table]) -> pa.Table:
    """Return the cells in which any measure differs: its sum in ``source`` minus its sum in ``headquarters``.

    A cell that only one side has is a difference too. The table is empty when both agree.
    """
    sides = [_signed(source, 1), *(_signed(part, -1) for part in headquarters)]
    sums = pa.concat_tables(sides).group_by(list(KEYS)).aggregate([(name, "sum") for name in MEASURES])
    differs = pa.chunked_array([pa.repeat(False, sums.num_rows)]) if sums.num_rows else pa.chunked_array([], pa.bool_())
    for name in MEASURES:
        differs = pc.or_(differs, pc.not_equal(sums[f"{name}_sum"], 0))
    return sums.filter(differs).rename_columns([*KEYS, *MEASURES])


def _signed(cells: pa.Table, sign: int) -> pa.Table:
    columns = {name: cells[name] for name in KEYS}
    measures = {name: pc.multiply(pc.fill_null(cells[name], 0), sign).cast(pa.int64()) for name in MEASURES}
    return pa.table({**columns, **measures})


def compare_baskets(source: pa.Array, headquarters: pa.Array) -> Baskets:
    """Compare the source's basket ids (each once) with the references of all sales at headquarters."""
    headquarters = pc.fill_null(headquarters, "")
    missing = source.filter(pc.invert(pc.is_in(source, headquarters)))
    counted = pa.table({"ref": headquarters}).group_by("ref").aggregate([([], "count_all")])
    known = pc.is_in(counted["ref"], source)
    surplus = pc.subtract(counted["count_all"], pc.cast(known, pa.int64()))
    again = counted.append_column("surplus", surplus).filter(pc.greater(surplus, 0))
    return Baskets(
        missing.to_pylist(),
        [row["ref"] for row in again.to_pylist() for _ in range(row["surplus"])],
    )
