from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware_sim.printer import PrinterSim


@pytest.fixture
async def printer(tmp_path: Path) -> AsyncIterator[PrinterSim]:
    async with PrinterSim(out_dir=tmp_path) as sim:
        yield sim
