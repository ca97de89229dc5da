"""The example store file of the bench, moved to a test's own folder and to free ports."""

import re
from pathlib import Path

from firmware_sim.chain.ports import free_ports

EXAMPLE = Path(__file__).parents[1] / "config/bench.toml"
_FOLDER = "/tmp/shopwire-bench"
_PORT = re.compile(r"127\.0\.0\.1:(\d+)")


def bench_file(folder: Path, *kinds: str) -> Path:
    """Write ``config/bench.toml`` to ``folder`` with addresses of its own; only devices of ``kinds``, if any are named."""
    text = EXAMPLE.read_text("utf-8")
    if kinds:
        head, *entries = text.split("[[devices]]")
        text = head + "".join(
            f"[[devices]]{entry}" for entry in entries if any(f'kind = "{kind}"' in entry for kind in kinds)
        )
    found = sorted(set(_PORT.findall(text)))
    moved = dict(zip(found, free_ports(len(found)), strict=True))
    text = _PORT.sub(lambda port: f"127.0.0.1:{moved[port[1]]}", text)
    file = folder / "bench.toml"
    file.write_text(text.replace(_FOLDER, str(folder / "b")), "utf-8")
    return file
