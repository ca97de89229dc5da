"""Data that is not here is fetched by the house's own script, or a clear message says what is missing."""

from pathlib import Path

import pytest

from firmware_sim.replay import prepare
from firmware_sim.replay.prepare import DataUnavailable, ensure_data
from firmware_sim.texts import Texts


def _script(folder: Path, body: str) -> Path:
    script = folder / "bootstrap"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return script


def test_nothing_happens_when_all_is_there(tmp_path: Path) -> None:
    ensure_data(Texts("en"), tmp_path / "no-script")


def test_without_a_script_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(prepare, "NEEDED", ("no_such_package_of_ours",))
    with pytest.raises(DataUnavailable, match="no_such_package_of_ours not installed: pip install"):
        ensure_data(Texts("en"), tmp_path / "no-script")


def test_the_script_is_run_once_and_looked_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(prepare, "NEEDED", ("fetched_by_the_script",))
    ensure_data(Texts("en"), _script(tmp_path, f'echo "for $1"; touch {tmp_path}/site/fetched_by_the_script.py'))
    said = capfd.readouterr()
    assert "running script/bootstrap replay once" in said.err
    assert "for replay" in said.err
    assert said.out == ""


def test_a_script_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(prepare, "NEEDED", ("no_such_package_of_ours",))
    with pytest.raises(DataUnavailable, match="ended with 7 and no_such_package_of_ours is not there"):
        ensure_data(Texts("en"), _script(tmp_path, "exit 7"))
