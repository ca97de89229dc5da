"""Customer displays: rows never wrap, amounts are never cut, names never become commands."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.display_serial.codec import amount_text, encode, explain, reset, rows_of
from devices.display_serial.model import MODELS, Around, DisplayModel
from devices.errors import DeviceMisconfigured
from devices.ports.display import Shown
from firmware_sim.display import COLUMNS, DisplaySim
from firmware_sim.wire import Wire
from tests.budget import INPUTS

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/displays.json").read_text("utf-8")
)
SIM_OF = {
    "dm-d": "dm-d", "dm-d-behind-printer": "dm-d", "cd5220": "cd5220", "cd5220-lcd": "cd5220", "led8": "led8", "led8-wintec": "led8",
}  # fmt: skip
ROWED = [name for name, model in MODELS.all.items() if model.rows]
LAMPED = [name for name, model in MODELS.all.items() if model.digits]


PIECES = [b"\x1b", b"\x1f", b"Q", b"A", b"\r", b"\x0c", b"l", b"$", b"s", b"=", b"\x02", b"x", b"\xd6\xd0"]


class NoWire(Wire):
    """A display that is only looked at."""

    plugged = True
    address = "none"

    def unplug(self) -> None:
        """Nobody does."""

    def replug(self) -> None:
        """Nobody does."""

    async def _write(self, data: bytes) -> int:
        return len(data)


def glass_after(data: bytes, model: str) -> dict[str, Any]:
    sim = DisplaySim(NoWire(), model)
    sim.receive(data)
    return sim.shows()


def seen(shown: Shown, model: str) -> dict[str, Any]:
    return glass_after(reset(MODELS.named(model)) + encode(shown, MODELS.named(model)), SIM_OF[model])


def test_a_greeting_goes_on_in_the_second_row() -> None:
    glass = MODELS.named("cd5220")
    assert rows_of(Shown("idle", "The store on the bench"), glass) == ["The store on the", "bench"]
    assert rows_of(Shown("idle", "Corner"), glass) == ["Corner", ""]
    assert rows_of(Shown("idle", "Donaudampfschifffahrtsgesellschaft"), glass) == [
        "Donaudampfschifffahr",
        "tsgesellschaft",
    ]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["bytes"][:30])
def test_the_simulator_shows_the_golden_frames(golden: dict[str, Any]) -> None:
    model = {"cd5220": "cd5220", "epson_dm": "dm-d", "led8": "led8"}[golden["device"]]
    shows, screen = glass_after(bytes.fromhex(golden["bytes"]), model), golden["screen"]
    if "line1" in screen:
        assert shows["lines"] == [screen["line1"], screen["line2"]]
        assert shows["cursor"] == screen.get("cursor", shows["cursor"])
    else:
        assert (shows["digits"], shows["lamp"]) == (screen["digits"], screen["lamp"])


def test_the_golden_bytes_of_led8_are_ours() -> None:
    ours = encode(Shown("total", amount_minor=4560), MODELS.named("led8"))
    assert ours == bytes.fromhex(GOLDEN[5]["bytes"])


@pytest.mark.parametrize("model", ROWED)
def test_a_name_above_and_its_amount_at_the_right(model: str) -> None:
    shows = seen(Shown("item", "Oolong tea, very long name of it", 1234567, detail="2 x 3.50"), model)
    assert shows["lines"] == ["Oolong tea, very lon", "2 x 3.50    12345.67"]
    assert seen(Shown("total", "Total", 350, symbol="$"), model)["lines"] == ["Total", " " * 15 + "$3.50"]


def test_an_ascii_glass_shows_the_latin_name_and_an_lcd_the_chinese_one() -> None:
    shown = Shown("item", "可口可乐 330ml", 350, symbol="￥", ascii="Coca-Cola 330 ml")
    assert seen(shown, "cd5220")["lines"] == ["Coca-Cola 330 ml", " " * 16 + "3.50"]
    assert seen(shown, "cd5220-lcd")["lines"] == ["可口可乐 330ml", " " * 14 + "￥3.50"]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (Shown(amount_minor=-5), "-0.05"),
        (Shown(amount_minor=100, digits=0), "100"),
        (Shown(amount_minor=1, digits=3), "0.001"),
        (Shown(), ""),
    ],
)
def test_amounts(shown: Shown, text: str) -> None:
    assert amount_text(shown) == text


@pytest.mark.parametrize("model", LAMPED)
def test_digits_and_their_lamp(model: str) -> None:
    lamps = [seen(Shown(purpose, amount_minor=4560), model) for purpose in ("item", "total", "paid", "change")]
    assert [(s["digits"], s["lamp"]) for s in lamps] == [("45.60", x) for x in ("price", "total", "received", "change")]
    assert seen(Shown("message", "closed"), model) == {"model": "led8", "digits": "", "lamp": None}


def test_an_amount_that_does_not_fit_is_plainly_wrong_and_never_short() -> None:
    assert seen(Shown("total", amount_minor=123_456_789_01), "led8")["digits"] == "99999999"
    assert seen(Shown("total", "T", 10**25), "cd5220")["lines"][1] == "9" * COLUMNS


@pytest.mark.parametrize("model", ROWED)
@settings(max_examples=INPUTS // 50)
@given(text=st.text(max_size=60), detail=st.text(max_size=30), amount=st.integers(-(10**12), 10**12))
def test_no_text_becomes_a_command_and_none_leaves_its_row(model: str, text: str, detail: str, amount: int) -> None:
    shown = Shown("item", text, amount, detail=detail, ascii=text)
    known = MODELS.named(model)
    shows = seen(shown, model)
    assert shows["unknown"] == 0
    assert shows["lines"] == [row.rstrip() for row in rows_of(shown, known)]
    assert shows["lines"][1].endswith(amount_text(shown))


@settings(max_examples=INPUTS // 10)
@given(
    st.lists(
        st.sampled_from(
            [b"\x1b", b"\x1f", b"Q", b"A", b"\r", b"\x0c", b"l", b"$", b"s", b"=", b"\x02", b"x", b"\xd6\xd0"]
        ),
        max_size=40,
    )
)
def test_any_bytes_are_survived_and_chunks_do_not_matter(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    for model in ("dm-d", "cd5220", "led8"):
        whole, bytewise = DisplaySim(NoWire(), model), DisplaySim(NoWire(), model)
        whole.receive(data)
        for byte in data:
            bytewise.receive(bytes([byte]))
        assert whole.shows() == bytewise.shows()
    for meaning in explain(data):
        assert meaning.text.isprintable()


def test_bytes_explained() -> None:
    said = explain(bytes.fromhex(GOLDEN[0]["bytes"]) + b"hi")
    assert [meaning.text for meaning in said] == [
        "initialise",
        "upper row: 'APPLE'",
        "lower row: '     3.50'",
        "text 'hi'",
    ]


def test_models_that_show_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="rows or digits"):
        DisplayModel(20, "ascii")
    with pytest.raises(ValueError, match="non-hexadecimal"):
        DisplayModel(20, "ascii", reset="zz", rows=(Around(),))
    with pytest.raises(DeviceMisconfigured, match="cd5220"):
        MODELS.named("nixie")
