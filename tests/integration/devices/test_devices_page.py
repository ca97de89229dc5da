"""The page on devices is true: who follows its steps has added a scale model, with data and one line of test."""

import ast
import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import devices.ports.scale as port
from devices.ports.scale import NotReady, Reason, Stable, Weight
from devices.registry import DeviceSettings, open_device
from devices.scale_serial.driver import SerialScale
from devices.scale_serial.models import models
from tests.unit.devices.test_scale_models import check_model
from tests.waiting import HANG_S

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/devices.md").read_text("utf-8")
STEPS = PAGE[PAGE.index("\n## Add a scale model") : PAGE.index("\n## Add a protocol")]


def block(kind: str) -> str:
    """Return the one block of that kind among the steps."""
    [found] = re.findall(rf"```{kind}\n(.*?)```", STEPS, re.DOTALL)
    return str(found)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Step 2: the entry of the page in a file of the shop's own."""
    file = tmp_path / "scales.toml"
    file.write_text(block("toml"))
    return file


def line_of_test() -> tuple[str, str, Any]:
    """Step 3: the line of the page, read and not run."""
    [row] = ast.parse(f"[{block('python')}]", mode="eval").body.elts  # type: ignore[attr-defined]
    name, said, meaning = row.elts
    made = getattr(port, meaning.func.id)(*(ast.literal_eval(each) for each in meaning.args))
    return ast.literal_eval(name), ast.literal_eval(said), made


def test_the_line_of_test_passes_with_the_entry_and_not_without_it(catalogue: Path) -> None:
    name, said, meaning = line_of_test()
    check_model(models(catalogue).named(name), said, meaning)
    assert name not in models().all
    with pytest.raises(AssertionError):
        check_model(models(catalogue).named(name), said, Stable(456))


def test_the_entry_alone_in_the_built_in_file_would_do(tmp_path: Path) -> None:
    ours = ROOT / "devices/scale_serial/models.toml"
    both = tmp_path / "models.toml"
    both.write_text(ours.read_text("utf-8") + "\n" + block("toml"), "utf-8")
    name, _, _ = line_of_test()
    assert models(both).all.keys() - models().all.keys() == {name}


async def test_the_recorded_scale_weighs_through_the_real_driver(catalogue: Path, tmp_path: Path) -> None:
    trace = tmp_path / "scale.jsonl"
    trace.write_text(block("json"))
    name, _, _ = line_of_test()
    settings = DeviceSettings("scale-1", "scale_serial", f"replay:{trace}", name, {"models": str(catalogue)})
    scale = open_device(settings)
    assert isinstance(scale, SerialScale)
    assert scale.around.resolve("/dev/ttyUSB0") == "serial:/dev/ttyUSB0?baud=4800"
    running = asyncio.create_task(scale.run())
    seen: list[Weight] = []
    async with asyncio.timeout(HANG_S):
        async for reading in scale.readings():
            seen.append(reading)
            if reading == Stable(455):
                break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert seen == [Stable(0), NotReady(Reason.MOVING, 312), Stable(455)]


def test_the_recording_holds_what_the_text_says() -> None:
    frames = [bytes.fromhex(json.loads(line)["hex"]) for line in block("json").splitlines()]
    assert all(frame.endswith(b"\r\n") for frame in frames)
    _, said, _ = line_of_test()
    assert bytes.fromhex(said) in frames


def test_the_files_that_the_steps_name_are_there() -> None:
    named = re.findall(r"`((?:devices|tests|firmware_sim|edge_agent)/[\w/.]+)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    shown = [shlex.split(line) for line in STEPS.splitlines() if line.startswith(".venv/bin/python -m pytest")]
    assert [words[-1] for words in shown] == ["tests/unit/devices/test_scale_models.py"]
