"""Mistakes on the command line: one sentence that says what is wrong, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from devices.transport.trace import Recorder
from shopwire import main


def said(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--lang", "en", *words], input=typed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("devices", "trace", "--replay", "{noise}", "--kind", "scale_serial"), "line 1"),
        (
            ("devices", "trace", "--address", "/dev/null", "--kind", "scale_serial", "--out", "{nowhere}"),
            "cannot be written",
        ),
        (("devices", "probe", "tcp:a..b:9100"), "no name of a host"),
        (("devices", "learn", "drawer", "--address", "/dev/null"), "Aborted"),
        (("sim", "printer", "render", "{noise}", "--png", "{nowhere}"), "No such file or directory"),
    ],
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    noise, nowhere = tmp_path / "noise", tmp_path / "missing" / "out"
    noise.write_bytes(b"\x00\xff no trace")
    result = said(*(word.format(noise=noise, nowhere=nowhere) for word in words))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert message in result.output


def test_a_full_disk_ends_a_recording_and_not_the_device() -> None:
    recorder = Recorder(Path("/dev/full"))
    recorder("scale-1", "in", b"x")
    recorder("scale-1", "in", b"y")
    assert recorder.full
    recorder.close()
