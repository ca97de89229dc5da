"""Resident memory: an edge that sells, the same with vision loaded, and headquarters with 1 000 idle edges."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.agent import agent
from benchmarks.chain import STORE, enrol, headquarters
from benchmarks.figure import Figure, figure
from benchmarks.stock import CODES
from firmware_sim.chain.headquarters import Headquarters
from firmware_sim.chain.host import EdgeHost
from firmware_sim.chain.usage import resident_bytes

SALES = 200
EDGES = 1000
PROCESSES = 2
PHOTO = Path("firmware_sim/demo/data")
LIMIT_MB = {"edge": 80.0, "edge_with_vision": 160.0, "coordinator_1000_edges": 200.0}


def figures() -> Iterator[Figure]:
    """Yield megabytes (10^6 bytes) against what a Raspberry Pi has to spare."""
    for name, megabytes in asyncio.run(_measure()).items():
        yield figure(f"memory_{name}", megabytes, "MB", "promised at most", LIMIT_MB[name])


async def _measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        async with headquarters(root) as office:
            data_dir = await asyncio.to_thread(enrol, office, "S1", root / "S1")
            plain = await asyncio.to_thread(_edge, data_dir)
            vision = await asyncio.to_thread(_edge_with_vision, data_dir)
            idle = await _office_with(office, root)
    return {"edge": plain, "edge_with_vision": vision, "coordinator_1000_edges": idle}


def _edge(data_dir: Path, *words: str) -> float:
    with agent(data_dir, *words) as running:
        running.wait_for_goods()
        for _ in range(SALES):
            running.sell()
        return resident_bytes(running.process.pid) / 1e6


def _edge_with_vision(data_dir: Path) -> float:
    config = data_dir / "vision.toml"
    config.write_text(f'data_dir = "{data_dir}"\n[[devices]]\ndevice_id = "camera-1"\nkind = "camera_file"\n')
    photos = sorted(PHOTO.rglob("*.png"))
    assert photos, f"no photograph below {PHOTO}"
    with agent(data_dir, "--config", str(config)) as running:
        running.wait_for_goods()
        for photo in photos * 5:
            running.ask(do="photo", file=str(photo.resolve()))
        running.ask(do="scan", code=CODES[0])
        return resident_bytes(running.process.pid) / 1e6


async def _office_with(office: Headquarters, root: Path) -> float:
    names = [f"M{n}" for n in range(EDGES)]
    await asyncio.to_thread(_admit, office, names, root / "codes")
    hosts = [
        EdgeHost(f"idle-{n}", names[n::PROCESSES], root / f"idle-{n}", root / "logs", print, enrolments=root / "codes")
        for n in range(PROCESSES)
    ]
    try:
        async with asyncio.timeout(600):
            await asyncio.gather(*(host.start() for host in hosts))
        await asyncio.sleep(20)  # idle is what is measured: keepalives and polls of all edges come by
        return resident_bytes(office.child.pid or 0) / 1e6
    finally:
        for host in hosts:
            host.kill()
            await host.child.ended()
            shutil.rmtree(root / host.name, ignore_errors=True)


def _admit(office: Headquarters, names: list[str], file: Path) -> None:
    with file.open("w") as lines:
        for name in names:
            office.api.post("/v1/edges", {"edge": name, "store": STORE})
            code = office.api.post(f"/v1/edges/{name}/enrolments")["code"]
            lines.write(f'{{"edge":"{name}","code":"{code}"}}\n')
