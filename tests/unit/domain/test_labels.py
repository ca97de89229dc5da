"""Weighed labels, as each shop's scales print them."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.catalogue import check_digit
from domain.errors import InvalidIdentity
from domain.labels import LabelLayout, WeighedLabel, check_layout, price_check_digit, read_label

CODES = Path(__file__).parents[2] / "data" / "codes"
PROFILES = {
    "2P5I5V1C:amount_fen": "IIIIIAAAAAC",
    "2P5I5V1C:weight_g": "IIIIIWWWWWC",
    "2P5I5V5V1C:amount_weight": "IIIIIAAAAAWWWWWC",
    "2P5I5V5V1C:weight_amount": "IIIIIWWWWWAAAAAC",
}


@pytest.mark.parametrize(
    "case", json.loads((CODES / "instore_codes.json").read_text("utf-8")), ids=lambda case: str(case["code"])
)
def test_labels_of_the_corpus(case: dict[str, Any]) -> None:
    layout = LabelLayout(case["code"][:2] + PROFILES[case["profile"]])
    check_layout(layout)
    label = read_label(case["code"], (layout,))
    if "error" in case:
        assert label == "check_digit"
        return
    assert isinstance(label, WeighedLabel)
    assert (label.plu, label.prefix, label.code) == (case["plu"], case["code"][:2], case["code"])
    assert {label.amount_minor, label.weight_g} >= {
        case[key] for key in ("value", "amount_fen", "weight_g") if key in case
    }
    if "amount_fen" in case:
        assert (label.amount_minor, label.weight_g) == (case["amount_fen"], case["weight_g"])


def test_a_dummy_check_digit_is_the_stores_setting() -> None:
    published = "2100301003501"  # the EAN check digit would be 7
    assert read_label(published, (LabelLayout("21IIIIIAAAAAC"),)) == "check_digit"
    label = read_label(published, (LabelLayout("21IIIIIAAAAAC", check=False),))
    assert isinstance(label, WeighedLabel)
    assert (label.plu, label.amount_minor) == ("00301", 350)


def test_units_of_the_scale() -> None:
    label = read_label("2200123004550", (LabelLayout("22IIIIIWWWWWC", weight_unit_g=10),))
    assert isinstance(label, WeighedLabel)
    assert label.weight_g == 4_550
    label = read_label("2200123004550", (LabelLayout("22IIIIIAAAAAC", amount_unit_minor=10),))
    assert isinstance(label, WeighedLabel)
    assert label.amount_minor == 4_550


def test_pieces_and_ignored_digits() -> None:
    label = read_label("2412345000070", (LabelLayout("24IIIIINNNXXX"),))
    assert label == WeighedLabel("2412345000070", "24", "12345", count=0)


def test_the_price_check_digit_guards_the_amount() -> None:
    assert (price_check_digit("2875"), price_check_digit("14685")) == (9, 6)
    four = LabelLayout("20IIIIIVAAAAC", check=True)
    check_layout(four)
    good = "20123459" + "2875"
    code = f"{good}{check_digit(good)}"
    assert read_label(code, (four,)) == WeighedLabel(code, "20", "12345", amount_minor=2_875)
    bad = "20123458" + "2875"
    assert read_label(f"{bad}{check_digit(bad)}", (four,)) == "check_digit"


def test_the_first_layout_that_fits_wins_and_none_may_fit() -> None:
    layouts = (LabelLayout("2106IIIAAAAAC"), LabelLayout("21IIIIIAAAAAC"))
    label = read_label("2106013040083", layouts)
    assert isinstance(label, WeighedLabel)
    assert (label.prefix, label.plu) == ("2106", "013")
    assert read_label("6901234567892", layouts) is None
    assert read_label("21060130400", layouts) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "21IIIIIAAAAA",
        "IIIIIIIAAAAAC",
        "21IIIIIAAAAAQ",
        "21IIIIIXXXXXC",
        "21AAAAAAAAAAC",
        "21IIAAIIIAAAC",
        "21IIIIICAAAAA",
        "21IIIIVVAAAAC",
    ],
)
def test_layouts_that_no_label_can_have(pattern: str) -> None:
    with pytest.raises(InvalidIdentity, match="label layout"):
        check_layout(LabelLayout(pattern))


def test_units_that_no_scale_can_have() -> None:
    with pytest.raises(InvalidIdentity, match="units of a label layout"):
        check_layout(LabelLayout("21IIIIIAAAAAC", amount_unit_minor=0))
