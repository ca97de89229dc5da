"""Who asks for JSON gets JSON, refusals too: one object a line on standard output, and the exit code of a person's answer."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import shopwire
from edge_agent.control import answered
from edge_agent.desk.asked import Asked


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (["devices", "decode", "bogus", "00"], "EdgeError", 1),
        (["devices", "decode", "scale-cas", "zz"], "EdgeError", 1),
        (["devices", "probe", "nonsense"], "DeviceMisconfigured", 1),
        (["devices", "probe", "/dev/no-such-line"], "DeviceUnavailable", 1),
        (["devices", "list", "--config", "/no/such.toml"], "SettingsInvalid", 1),
        (["devices", "watch", "x"], "NothingConfigured", 1),
        (["devices", "watch", "x", "--seconds", "-1"], "BadParameter", 2),
        (["devices", "no-such"], "NoSuchCommand", 2),
        (["scan", "explain", "--state", "bogus", "1"], "BadParameter", 2),
        (["scan", "explain"], "MissingParameter", 2),
        (["camera", "read", "--slow", "x"], "NoSuchOption", 2),
        (["sim", "printer", "render", "/no/such"], "BadParameter", 2),
        (["sim", "bench", "/no/such.toml"], "StoreFileUnusable", 1),
        (["edge", "label", "x", "--data-dir", "/no/such"], "AgentNotRunning", 1),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_refusal_is_an_object_too(words: list[str], error: str, code: int, lang: str) -> None:
    done = CliRunner().invoke(shopwire.main, ["--lang", lang, *words, "--json"], env={"EDGE_DATA_DIR": None})
    assert (done.exit_code, done.stderr) == (code, "")
    [line] = done.stdout.splitlines()
    told = json.loads(line)
    assert told["error"] == error
    assert told["message"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_a_running_agent_refuses_goes_by_the_agents_name(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Asked) -> None:
        answered({"error": "DeviceUnavailable", "message": "scale-1 is not available: hung up", "values": {}})

    monkeypatch.setattr(Asked, "agent", refused)
    words = ["--lang", lang, "devices", "test", "--address", "/dev/ttyS0", "--kind", "scale_serial", "--json"]
    done = CliRunner().invoke(shopwire.main, words)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["error"]) == (1, "DeviceUnavailable")
    assert "scale-1" in told["message"]


def test_a_person_is_told_on_standard_error() -> None:
    done = CliRunner().invoke(shopwire.main, ["--lang", "en", "devices", "decode", "bogus", "00"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "'bogus' is none of" in done.stderr


def test_a_file_whose_name_is_no_text_is_named_without_its_bytes(tmp_path: Path) -> None:
    picture = tmp_path / "bad\udcff\x1b[31m.png"
    picture.write_bytes(b"x")
    done = CliRunner().invoke(shopwire.main, ["camera", "read", "--json", str(picture)])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["file"].rpartition("/")[2]) == (1, "bad\\udcff\x1b[31m.png")
    shown = CliRunner().invoke(shopwire.main, ["camera", "read", str(picture)]).output
    assert "\x1b" not in shown
