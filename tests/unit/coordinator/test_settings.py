"""Settings: file, then variables, then the command line; unknown keys stop the start."""

from pathlib import Path

import pytest

from coordinator.settings import CoordinatorSettings, InvalidSettings, load


def test_defaults_need_no_file() -> None:
    settings = load(None, {})
    assert settings == CoordinatorSettings()
    assert settings.database_url == "sqlite:///coordinator-data/coordinator.db"


def test_variables_stand_above_the_file_and_the_command_line_above_both(tmp_path: Path) -> None:
    file = tmp_path / "hq.toml"
    file.write_text('data_dir = "file"\nrole = "api"\n[broker]\nport = 1\nhost = "file"\n')
    environment = {
        "COORDINATOR_BROKER__PORT": "1883",
        "COORDINATOR_DATA_DIR": "variable",
        "COORDINATOR_API__LISTEN": '["http://127.0.0.1:0"]',
        "COORDINATOR_DATABASE": "postgresql://u:p@h/d",
        "OTHER": "x",
    }
    settings = load(file, environment, {"data_dir": "line", "role": None})
    assert (settings.data_dir, settings.role) == ("line", "api")
    assert (settings.broker.host, settings.broker.port) == ("file", 1883)
    assert settings.api.listen == ("http://127.0.0.1:0",)
    assert settings.database_url == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[brokr]\nport = 1\n", "brokr"),
        ("[broker]\nprot = 1\n", "prot"),
        ('[broker]\nport = "many"\n', "broker.port"),
        ('role = "boss"\n', "role"),
        ("role = \n", "TOML"),
    ],
)
def test_what_is_unknown_or_of_another_type_stops_the_start(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "hq.toml"
    file.write_text(text)
    with pytest.raises(InvalidSettings, match=said):
        load(file, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="nowhere"):
        load(tmp_path / "nowhere.toml", {})
