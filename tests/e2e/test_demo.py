"""The demo as a user types it: the summary is right, the receipts are there, nothing of it stays running."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_sim.demo import goods
from tests.child import child
from tests.e2e.small_chain import running_with

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]

DEMO = [sys.executable, "-m", "shopwire", "demo"]


def test_headless_it_sells_recovers_and_comes_out_exact(tmp_path: Path) -> None:
    command = [*DEMO, "--headless", "--json", "--dir", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["ok"] is True
    assert summary["stores"] == 3
    assert summary["sales"] == len(goods.baskets()) + 2, "one sale by scanner and one by camera"
    assert summary["sales_minor"] == summary["hq_sales_minor"] > sum(b.sales_minor for b in goods.baskets())
    assert (summary["missing"], summary["duplicated"]) == (0, 0)
    assert summary["photos_read"] == len(goods.photos())
    assert summary["offline_sales_recovered"] == 6
    pictures = list((tmp_path / "demo" / "receipts").rglob("*.png"))
    assert len(pictures) == summary["receipts"] == summary["sales"]
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert "exact: " in done.stderr
    assert running_with(str(tmp_path)) == []


def test_it_stays_until_ctrl_c_and_then_ends_all_of_it(tmp_path: Path) -> None:
    environment = {**os.environ, "LANG": "zh_CN.UTF-8"}
    with child([*DEMO, "--dir", str(tmp_path / "demo")], stdout=subprocess.PIPE, env=environment) as demo:
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert any("http://127.0.0.1:" in line for line in said), "".join(said)
        assert len(running_with(str(tmp_path))) > 10
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
    assert demo.returncode == 0
    assert "已结束" in rest
    assert running_with(str(tmp_path)) == []


def test_a_directory_with_an_earlier_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    done = subprocess.run([*DEMO, "--headless", "--dir", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "holds the state of an earlier demo" in done.stderr
