"""A real headquarters to measure against: broker and coordinator as child processes, edges enrolled as in the field (TLS, ACL)."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.stock import CODES, EIGHT
from edge_agent.enrolling import enrol_edge
from firmware_sim.chain.headquarters import Headquarters, Places

STORE = "1"


@asynccontextmanager
async def headquarters(folder: Path, database: str = "") -> AsyncIterator[Headquarters]:
    """Start one in ``folder`` with one store that lists the eight; ``database`` as ``Headquarters`` takes it."""
    office = Headquarters(folder / "hq", Places.choose(), folder / "logs", database=database)
    await office.start()
    try:
        row = {"store": STORE, "name_zh": "一号店", "name_en": "Store 1", "timezone": "UTC", "currency": "CNY"}
        office.api.post("/v1/stores", [row | {"assortment": "all"}])
        items = [
            {"sku": sku, "name_zh": sku, "name_en": sku, "barcodes": [{"code": code}]}
            for sku, code in zip(EIGHT, CODES, strict=True)
        ]
        office.api.import_rows("/v1/catalogue/imports", items)
        office.api.import_rows(
            "/v1/prices/imports", [{"store": "*", "sku": sku, "unit_price_minor": 199} for sku in EIGHT]
        )
        yield office
    finally:
        await office.stop()


def enrol(office: Headquarters, edge: str, data_dir: Path) -> Path:
    """Enrol ``edge`` with headquarters; returns its data directory."""
    office.api.post("/v1/edges", {"edge": edge, "store": STORE})
    code = office.api.post(f"/v1/edges/{edge}/enrolments")["code"]
    enrol_edge(code, data_dir)
    return data_dir


async def answer_of(module: str, *words: str, timeout_s: float = 180, **environment: str) -> str:
    """Run ``python -m module words…`` and return the last line it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *words,
        stdout=subprocess.PIPE,
        env=os.environ | environment,
    )
    async with asyncio.timeout(timeout_s):
        out, _ = await process.communicate()
    assert process.returncode == 0, f"{module} ended with {process.returncode}"
    return out.decode().strip().splitlines()[-1]
