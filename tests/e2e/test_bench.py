"""The bench as a user types it: with the example store file it gives a store in which every class of device is attached and healthy."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.registry import KINDS
from firmware_sim.bench.store_file import read
from firmware_sim.chain.ports import free_ports
from link.certificates import CertificateAuthority
from tests.bench_store import bench_file
from tests.browser import Page, browser
from tests.e2e.small_chain import running_with
from tests.edge_headquarters import enrolled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SHOPWIRE = [sys.executable, "-m", "shopwire"]
HEALTHY_WITHIN_S = 30.0


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the end of the block, and ask it to end as Ctrl-C does."""
    with subprocess.Popen([*SHOPWIRE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    told: dict[str, Any] = json.loads(line)
    return told


def status_of(file: Path) -> dict[str, Any]:
    command = [*SHOPWIRE, "edge", "status", "--config", str(file), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def healthy(file: Path) -> dict[str, str]:
    """Return each device's health as soon as all are well, or as it is at the deadline."""
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while True:
        seen = {name: state["health"] for name, state in status_of(file).get("devices", {}).items()}
        if (seen and set(seen.values()) == {"ok"}) or time.monotonic() > deadline:
            return seen
        time.sleep(0.2)


@pytest.mark.req(157)
def test_bench_and_edge_with_the_example_store_file_are_a_store_with_every_device_healthy(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    file = bench_file(tmp_path)
    store = read(file)
    enrolled(CertificateAuthority(tmp_path / "ca"), Path(store.data_dir), "S1", "1", free_ports(1)[0])
    with running("sim", "bench", str(file), "--json") as bench:
        ready = first_line(bench)
        with running("edge", "run", "--config", str(file)) as edge:
            assert healthy(file) == dict.fromkeys((each.device_id for each in store.devices), "ok")
            assert {KINDS[each.kind] for each in store.devices} == set(KINDS.values())
        assert edge.returncode == 0
    assert ready["url"].startswith("http://127.0.0.1:")
    assert bench.returncode == 0
    assert [path for path in (tmp_path / "b").iterdir() if path.is_symlink()] == []


@pytest.mark.broker
def test_one_command_opens_a_store_and_plays_what_may_go_wrong(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    names = ("hands", "weighed", "labels", "paper-out", "cable-pulled", "garbage")
    played = [word for name in names for word in ("--scenario", name)]
    words = ("sim", "bench", str(bench_file(tmp_path)), "--store", "--headless", "--json", *played)
    done = subprocess.run(
        [*SHOPWIRE, *words, "--dir", str(tmp_path / "kept")], capture_output=True, text=True, check=False, timeout=280
    )
    reports = [json.loads(line) for line in done.stdout.splitlines()[1:]]
    failed = [step for report in reports for step in report["steps"] if not step["ok"]]
    assert failed == [], done.stderr
    assert [report["scenario"] for report in reports] == list(names)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "kept/devices/printer-1").glob("*.png")), "receipts are kept as pictures"
    assert running_with(str(tmp_path)) == []


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("cv2")
    folder = tmp_path_factory.mktemp("page")
    with running("sim", "bench", str(bench_file(folder)), "--json") as bench:
        yield first_line(bench)["url"]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("测试台", "扫码枪", "电子秤", "撕纸", "拔线", "信号灯", "小票打印机", "罐装可乐", "实时")),
        ("en", ("bench", "Scanner", "Scale", "Tear off", "Unplug", "Signal light", "Cola, can", "Live")),
    ],
)
def test_the_page_holds_every_device_out_in_both_languages(
    page: str, chromium: Page, language: str, words: tuple[str, ...]
) -> None:
    chromium.open(f"{page}?lang={language}")
    chromium.until("document.querySelectorAll('main .card').length > 10")
    text = chromium.run("document.body.innerText")
    assert [word for word in words if word not in text] == [], text
    devices = ["scanner-2", "scanner-3", "camera-1", "labels-2", "price-1", "screen-1"]
    assert [name for name in devices if name not in text] == []
    assert not re.search(r"\b(face|health|line|profile|fault)_\w+", text), "a text is missing in the catalogue"
    assert chromium.complaints == []


@pytest.mark.browser
def test_hands_on_the_page_move_the_hardware(page: str, chromium: Page) -> None:
    chromium.open(f"{page}?lang=en", width=390, height=844)
    chromium.click("Cola, can")
    chromium.until("document.querySelector('#device-scanner-1 .last').textContent === '0049000006346'")
    chromium.click("182 g", "#device-scale-1")
    chromium.click("412 g", "#device-scale-1")
    chromium.until("document.querySelector('#device-scale-1 .segments').getAttribute('aria-label') === '0.595'")
    chromium.click("Take all off", "#device-scale-1")
    chromium.until("document.querySelector('#device-scale-1 .segments').getAttribute('aria-label') === '0.000'")
    chromium.click("Unplug", "#device-scanner-1")
    chromium.until("document.querySelector('#device-scanner-1').classList.contains('unplugged')")
    chromium.click("Plug in", "#device-scanner-1")
    chromium.click("Open cover", "#device-printer-1")
    chromium.click("Close cover", "#device-printer-1")
    chromium.click("Play", "#device-scenarios")  # of what needs an edge, and none runs
    assert "shopwire edge run" in chromium.until(
        "!document.querySelector('#toast').hidden && document.querySelector('#toast').textContent"
    )
    assert chromium.run("document.documentElement.scrollWidth <= 390"), "nothing sticks out on a phone"
    assert [one for one in chromium.complaints if "422" not in one] == []
