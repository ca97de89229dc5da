"""Tables of models: ours, the shop's own beside them, and what is wrong with either."""

from pathlib import Path

import msgspec
import pytest

from devices.errors import DeviceMisconfigured
from devices.models import Models
from devices.scale_serial.models import models


class Lamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    colours: int


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    file = tmp_path / "models.toml"
    file.write_text("[tall]\ncolours = 3\n[flat]\ncolours = 1\n")
    return file


def test_a_model_is_found_by_its_name(ours: Path) -> None:
    assert Models(ours, Lamp, "lamp").named("tall") == Lamp(3)


def test_an_unknown_model_is_told_with_those_there_are(ours: Path) -> None:
    with pytest.raises(DeviceMisconfigured, match="lamp 'round' is not one of auto, flat, tall"):
        Models(ours, Lamp, "lamp", beside=("auto",)).named("round")


def test_the_shops_own_models_come_beside_ours_and_before_them(ours: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[round]\ncolours = 2\n[tall]\ncolours = 4\n")
    assert Models(ours, Lamp, "lamp", more=own).all == {"tall": Lamp(4), "flat": Lamp(1), "round": Lamp(2)}


@pytest.mark.parametrize(("text", "said"), [("[tall]\ncolors = 3", "colors"), ("[tall", "own.toml"), (None, "No such")])
def test_a_file_that_holds_no_models_is_named(ours: Path, tmp_path: Path, text: str | None, said: str) -> None:
    own = tmp_path / "own.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(DeviceMisconfigured, match=said) as told:
        Models(ours, Lamp, "lamp", more=own).named("tall")
    assert str(own) in str(told.value)


@pytest.mark.parametrize("pattern", ['regex = "("', 'regex = "(?P<weight>\\\\d+)"\nencoding = "klingon"'])
def test_a_pattern_that_nothing_can_be_read_by_is_told(tmp_path: Path, pattern: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f'[x]\ntitle = "x"\nprotocol = "pattern"\nsettle_s = 0.5\n[x.pattern]\n{pattern}\n')
    with pytest.raises(DeviceMisconfigured, match="regex"):
        models(own).named("x")
