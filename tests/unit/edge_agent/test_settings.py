from pathlib import Path

import pytest

from edge_agent.errors import SettingsInvalid
from edge_agent.settings import keep_as_last_good, load


def toml(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_data_directory_is_enough(tmp_path: Path) -> None:
    settings = load(None, tmp_path, {}).settings
    assert settings.data_dir == str(tmp_path)
    assert (settings.language, settings.till.lane, settings.storage.reserve_mb) == ("zh-CN", "1", 200)


def test_file_environment_and_command_line_in_this_order(tmp_path: Path) -> None:
    file = toml(
        tmp_path / "edge.toml",
        'data_dir = "/from/file"\nlanguage = "en"\n[link]\nhost = "a"\nport = 1\n'
        '[[devices]]\ndevice_id = "p"\nkind = "printer_escpos"\naddress = "tcp:127.0.0.1:9100"\n',
    )
    settings = load(file, tmp_path, {"EDGE_LINK__PORT": "2", "EDGE_TILL__CUT": "false", "PATH": "x"}).settings
    assert (settings.data_dir, settings.language, settings.link.host, settings.link.port) == (
        str(tmp_path),
        "en",
        "a",
        2,
    )
    assert settings.till.cut is False
    assert [device.device_id for device in settings.devices] == ["p"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('data_dir = "x"\ncolour = "red"', "colour"),
        ('data_dir = "x"\n[link]\nprot = 1', "prot"),
        ('data_dir = "x"\n[storage]\nwarn_percent = 101', "warn_percent"),
        ('language = "en"', "data_dir"),
        ('data_dir = "x"\nlanguage = "fr"', "language"),
        ("data_dir = ", "Invalid value"),
    ],
)
def test_what_cannot_serve_stops_the_start_and_is_named(tmp_path: Path, text: str, names: str) -> None:
    with pytest.raises(SettingsInvalid, match=names):
        load(toml(tmp_path / "edge.toml", text), None, {})


def test_an_unknown_variable_stops_the_start() -> None:
    with pytest.raises(SettingsInvalid, match="colour"):
        load(None, Path("x"), {"EDGE_COLOUR": "red"})


def test_a_broken_file_starts_from_the_last_good_one_and_says_so(tmp_path: Path) -> None:
    file = toml(tmp_path / "edge.toml", 'language = "en"')
    keep_as_last_good(load(file, tmp_path, {}))
    toml(file, "language = [[")
    loaded = load(file, tmp_path, {})
    assert loaded.settings.language == "en"
    assert "edge.toml" in loaded.trouble
    keep_as_last_good(loaded)
    assert load(file, tmp_path, {}).settings.language == "en"
    with pytest.raises(SettingsInvalid):
        load(tmp_path / "gone.toml", None, {})
