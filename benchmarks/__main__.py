"""``script/bench [NAME…] [--json]``: run the benchmarks and print their figures."""

import importlib
import sys
from collections.abc import Callable, Iterator

import click
import msgspec

from benchmarks.figure import Figure

BENCHMARKS = {
    "commit": "commit of an 8-line sale against the same rows in a bare sqlite3 loop",
    "uplink": "outbox → broker → coordinator's SQLite, against raw paho QoS 1",
    "uplink_postgres": "the same into PostgreSQL, against a bare executemany of the same rows",
    "latency": "sale committed → acknowledged by headquarters, 20 edges, 40 sales/s",
    "bad_link": "16 kB/s + 300 ms, and a link cut every 25 kB, against the line's own rate",
    "memory": "resident memory of edge, edge with vision, coordinator with 1 000 idle edges",
    "restart": "kill -9 of the edge → selling again",
    "scans": "bytes of a scan on the wire → reading in the edge, against a bare read of the line",
    "receipt": "receipt of 25 Chinese lines with QR into bytes, against python-escpos; commit → first byte at the printer",
    "devices_idle": "processor and memory of an edge with every kind of device attached and idle",
    "reader_pictures": "codes read in 537 stored pictures, against zxing-cpp and pyzbar",
    "reader_frames": "codes read in generated frames of a fresh seed, and all codes of frames with several",
    "reader_speed": "CPU of one thread per 1280×720 frame, with a code and without, against zxing-cpp",
    "reader_sequences": "goods brought before a camera: accepted within 3 s, wrong accepts, readings in an empty shop",
}
"""Name → what it measures. The whole-year replay is `shopwire sim replay --json` itself: it takes a quarter of an hour."""


def _figures(name: str) -> Iterator[Figure]:
    run: Callable[[], Iterator[Figure]] = importlib.import_module(f"benchmarks.{name}").figures
    return run()


def _line(figure: Figure) -> str:
    against = f"{figure.reference}: {figure.reference_value:g}"
    return f"{figure.name:44} {figure.value:>12g} {figure.unit:10} × {figure.ratio:<8g} ({against})"


@click.command(epilog="Example: script/bench commit latency --json")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line per figure")
def main(names: tuple[str, ...], as_json: bool) -> None:
    """Run the benchmarks NAME… (default: all) and print each figure beside its limit or peer of the same run."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise click.UsageError(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names or tuple(BENCHMARKS):
        click.echo(f"{name}: {BENCHMARKS[name]} …", err=True)
        for figure in _figures(name):
            click.echo(msgspec.json.encode(figure).decode() if as_json else _line(figure))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
