"""Every case of the shared corpora, where the shared folder is at hand; the small ones above stand in tests/data."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.catalogue import gtin14
from domain.errors import NotAGtin
from domain.gs1 import GS, ElementString, parse_digital_link, parse_element_string
from domain.scan import ItemCode, classify

CORPORA = Path(__file__).parents[4] / "shared" / "corpora"

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside this repository")

# Identifiers that no till of a shop meets; their inner rules are not checked here: coupons of North America, bank accounts, patients…
BEYOND_A_TILL = {
    "8001",
    "8007",
    "8011",
    "8013",
    "8026",
    "8030",
    "8110",
    "8112",
    "7023",
    "7030",
    "7040",
    "7252",
    "426",
    "4309",
    "3910",
}

# Where biip and we read a Digital Link otherwise than the standard's engine, each on purpose.
LINKS = {
    "HtTp://a/b/00/006141411234567890": "a scheme in any case is accepted",
    "https://a/01/416000336108": "a GTIN may be shorter than 14 digits",
    "https://a/8004/9520614141234567?01=2112345678900": "but only in the path",
    "https://a/8004/9520614141234567?01=02345673": "but only in the path",
    "https://a/gtin/12312312312333": "names of identifiers in letters are no longer part of the standard",
    "https://a/gtin/12312312312333/ser/ABC123": "names of identifiers in letters are no longer part of the standard",
    "https://example.com/01/09520123456788?99=XYZ&89=ABC123": "identifiers that do not exist are not let through",
}


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((CORPORA / f"{name}.json").read_text("utf-8"))
    return loaded


def message(bracketed: str) -> str:
    """Turn ``(01)…(10)…`` into what a scanner sends."""
    return GS.join(part.replace(")", "", 1) for part in bracketed.split("(")[1:])


def identifiers(bracketed: str) -> set[str]:
    return {part.partition(")")[0] for part in bracketed.split("(")[1:]}


def test_bracketed_messages() -> None:
    for case in cases("gs1-vectors/ai_bracketed"):
        if case["valid"]:
            assert isinstance(parse_element_string(case["expect_fnc1"].replace("^", GS)), ElementString), case


@pytest.mark.parametrize(
    ("name", "good"), [("gs1-vectors/ai_linters", "lint"), ("gs1-vectors/ai_associations", "valid")]
)
def test_rules_within_and_between_identifiers(name: str, good: str) -> None:
    met = 0
    for case in cases(name):
        if identifiers(case["input"]) & BEYOND_A_TILL:
            continue
        met += 1
        found = parse_element_string(message(case["input"]))
        assert isinstance(found, ElementString) == (case[good] in ("OK", True)), (case, found)
    assert met >= 12


def test_digital_links() -> None:
    for case in cases("gs1-vectors/digital_link_uri"):
        if case["uri"] not in LINKS:
            found = parse_digital_link(case["uri"])
            assert isinstance(found, ElementString) == case["valid"], (case, found)
            if isinstance(found, ElementString):
                assert sum(len(ai) + len(value) for ai, value in found.ais.items()) == len(
                    case["expect_fnc1"].replace("^", "")
                )


def test_gtins() -> None:
    for case in cases("gtin-rcn-vectors/gtin_encode"):
        if "fails" not in case["test"]:
            assert gtin14(case["value"]) == case["expected"].zfill(14)
    for case in cases("gtin-rcn-vectors/gtin_parse"):
        if "nonnumeric" in case["test"]:
            with pytest.raises(NotAGtin):
                gtin14(case["value"])
        else:
            assert gtin14(case["value"]) == case["value"].zfill(14)


def test_restricted_numbers_of_many_countries_are_item_codes_of_the_shop() -> None:
    for case in cases("gtin-rcn-vectors/rcn_rules"):
        assert classify(case["value"], None, "shopping", ()) == ItemCode(case["value"], case["value"].zfill(14))
