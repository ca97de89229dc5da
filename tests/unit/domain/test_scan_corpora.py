"""Every case of the shared corpora that a scan can bring, through ``classify``; biip judges what it knows."""

import json
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import biip
import pytest
from biip.gs1_messages import GS1Message

from devices.scanner_serial.codec import LineDecoder
from devices.scanner_ssi.session import Session
from domain.catalogue import check_digit, expand_upc_e, gtin14
from domain.errors import NotAGtin
from domain.gs1 import GS, DigitalLink, ElementString, parse_digital_link, parse_element_string
from domain.labels import DEFAULT_LAYOUTS, LabelLayout, WeighedLabel, check_layout, price_check_digit
from domain.scan import ItemCode, PaymentCode, Refused, Scan, Unknown, classify
from domain.symbology import is_aim
from tests.corpora import corpus


def cases(folder: str, name: str, *tests: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((corpus(folder) / f"{name}.json").read_text("utf-8"))
    return [case for case in loaded if not tests or case.get("test") in tests]


biip_cases = partial(cases, "gtin-rcn-vectors")


def of_scanner(raw: bytes) -> list[Scan]:
    from devices.reading import Code

    read = [found for found in LineDecoder().feed(raw) if isinstance(found, Code)]
    return [classify(code.data, code.symbology, "shopping") for code in read]


def test_lines_of_scanners_from_the_wire_to_their_meaning() -> None:
    for case in cases("golden-frames", "scanner_lines"):
        meaning, found = case["meaning"], of_scanner(bytes.fromhex(case["raw"]))
        if "note" in meaning:
            assert found == [Unknown("text")]
        elif "error" in meaning:
            assert found == [Refused("check_digit")]
        elif "gtin" in meaning:
            (message,) = found
            assert isinstance(message, ElementString)
            assert (message.gtin14, message.batch, message.serial) == (
                meaning["gtin"],
                meaning["batch"],
                meaning.get("serial"),
            )
            assert message.day("17", 2026) == date.fromisoformat(meaning["expiry"])
            if "net_weight_kg" in meaning:
                assert message.weight_g == Decimal(meaning["net_weight_kg"]) * 1000
        else:
            assert found == [ItemCode(meaning["data"], meaning["data"].zfill(14))]


def test_ssi_packets_from_the_wire_to_their_meaning() -> None:
    from devices.reading import Code

    expected = {
        "6901234567892": ItemCode("6901234567892", "06901234567892"),
        "96385074": ItemCode("96385074", "00000096385074"),
        "ABC-123": ItemCode("ABC-123"),
        "036000291452": ItemCode("036000291452", "00036000291452"),
        "0106901234567892": ElementString({"01": "06901234567892"}),
    }
    for case in cases("golden-frames", "ssi_frames"):
        read = [found for found in Session().feed(bytes.fromhex(case["frame"])).results if isinstance(found, Code)]
        known = case.get("data") in expected
        assert [classify(code.data, code.symbology, "shopping") for code in read] == (
            [expected[case["data"]]] if known else []
        )


def test_in_store_codes_by_their_layouts() -> None:
    fields = {
        "2P5I5V1C:amount_fen": "IIIIIAAAAAC",
        "2P5I5V1C:weight_g": "IIIIIWWWWWC",
        "2P5I5V5V1C:amount_weight": "IIIIIAAAAAWWWWWC",
        "2P5I5V5V1C:weight_amount": "IIIIIWWWWWAAAAAC",
    }
    for case in cases("golden-frames", "instore_codes"):
        layout = LabelLayout(case["code"][:2] + fields[case["profile"]])
        found = classify(case["code"], "]C0" if len(case["code"]) == 18 else "]E0", "shopping", (layout,))
        if "error" in case:
            assert found == Refused("check_digit"), case
            continue
        assert isinstance(found, WeighedLabel)
        weight = case.get("weight_g", case.get("value") if "weight_g" in case["profile"] else None)
        amount = case.get("amount_fen", case.get("value") if "amount_fen" in case["profile"] else None)
        assert (found.plu, found.weight_g, found.amount_minor) == (case["plu"], weight, amount), case


def test_payment_codes_by_the_state_of_the_till() -> None:
    for case in cases("golden-frames", "payment_codes"):
        paying, shopping = classify(case["code"], None, "tendering"), classify(case["code"], None, "shopping")
        assert not isinstance(shopping, PaymentCode | WeighedLabel)
        assert (paying.channel if isinstance(paying, PaymentCode) else None) == case["channel"]
        if case["channel"]:
            assert shopping == Refused("payment_code_while_shopping")


def test_scans_with_an_identifier_are_what_the_standard_says() -> None:
    for case in cases("gs1-vectors", "scan_data_symbology_id"):
        found, message = classify(case["scan_data"], None, "shopping"), case["message"]
        if not case["valid"] or not message:
            assert isinstance(found, Refused | Unknown), case
        elif message.startswith("^"):
            assert isinstance(found, ElementString), case
            assert "".join(ai + value for ai, value in found.ais.items()) == message.replace("^", "")
        elif message.lower().startswith("http"):
            assert isinstance(found, DigitalLink), case
        else:
            assert isinstance(found, ItemCode | Unknown), case


def test_element_strings_under_every_gs1_symbology() -> None:
    for case in cases("gs1-vectors", "ai_unbracketed_fnc1"):
        for aim in ("]C1", "]e0", "]d2", "]Q3", "]J1"):
            found = classify(case["input"].lstrip("^").replace("^", GS), aim, "shopping")
            assert isinstance(found, ElementString) == case["valid"], (case, found)
            assert isinstance(classify(case["input"].replace("^", GS), aim, "tendering"), Refused)


def test_gtins_and_upcs() -> None:
    for case in biip_cases("gtin_encode", "test_as_gtin_14"):
        assert gtin14(case["value"]) == case["expected"]
    for case in biip_cases("upc_encode", "test_as_upc_a", "test_as_gtin_12"):
        if len(case["value"]) == 8:
            assert expand_upc_e(case["value"]) == case["expected"]
            assert classify(case["value"], "]E0", "shopping") == ItemCode(case["value"], case["expected"].zfill(14))
    for case in biip_cases("checksums"):
        if "expected" in case and "price" not in case["test"]:
            assert check_digit(case["value"]) == case["expected"]
        elif "expected" in case:
            assert price_check_digit(case["value"]) == case["expected"]
    for name in ("sscc", "gln", "gtin_parse"):
        for case in biip_cases(name, "test_parse_nonnumeric_value", "test_parse_gtin_with_nonnumeric_value"):
            with pytest.raises(NotAGtin):
                gtin14(case["value"])
            assert not isinstance(classify(case["value"], None, "shopping"), ItemCode | ElementString)


def test_what_biip_reads_we_read_alike() -> None:
    judged = 0
    for case in biip_cases("parse"):
        found, expected = classify(case["value"], None, "shopping", ()), case["expected"]
        ours = getattr(found, "gtin14", None)
        if expected.get("gtin") and len(case["value"]) not in (
            6,
            7,
        ):  # too short to be told from a number of the shop's own
            judged += 1
            assert ours == expected["gtin"]["value"].zfill(14), case
        elif "gtin_error" in expected:
            assert ours is None, case
    assert judged >= 5


def test_identifiers_of_symbologies() -> None:
    for case in biip_cases("symbology", "test_extract"):
        if not case["value"].startswith("]Y"):  # with more than one modifier: of no symbology that shops print
            assert is_aim(case["value"][:3]) == (case["expected"]["value"] == case["value"][:3])


# Labels of other countries as layouts of ours: any scale of the world is a line in a store file.
COUNTRIES = {
    ("ESTONIA", "24"): LabelLayout("24IIIIIIWWWWC", weight_unit_g=10),
    ("ESTONIA", "25"): LabelLayout("25IIIIIIWWWWC", weight_unit_g=100),
    ("LATVIA", "23"): LabelLayout("23IIIIIIWWWWC"),
    ("LATVIA", "24"): LabelLayout("24IIIIIIWWWWC", weight_unit_g=10),
    ("LATVIA", "25"): LabelLayout("25IIIIIIWWWWC", weight_unit_g=100),
    ("LITHUANIA", "23"): LabelLayout("23IIIIIIWWWWC"),
    ("denmark", "21"): LabelLayout("21IIIIIAAAAAC"),
    ("denmark", "22"): LabelLayout("22IIIIIAAAAAC"),
    ("denmark", "23"): LabelLayout("23IIIIIAAAAAC"),
    ("denmark", "27"): LabelLayout("27IIIIIWWWWWC"),
    ("finland", "23"): LabelLayout("23IIIIIIWWWWC"),
    ("finland", "24"): LabelLayout("24IIIIIIWWWWC", weight_unit_g=10),
    ("germany", "25"): LabelLayout("25IIIIXNNNNNC"),
    ("germany", "26"): LabelLayout("26IIIIXNNNNNC"),
    ("norway", "23"): LabelLayout("23IIIIIIWWWWC"),
    ("sweden", "21"): LabelLayout("21IIIIIIAAAAC", amount_unit_minor=10),
    ("sweden", "23"): LabelLayout("23IIIIIIWWWWC"),
    ("sweden", "24"): LabelLayout("24IIIIIIWWWWC", weight_unit_g=10),
}


def test_labels_of_other_countries_are_layouts_too() -> None:
    for case in biip_cases("rcn_rules"):
        region = case.get("rcn_region", "").removeprefix("RcnRegion.") or case["test"].removeprefix("test_region_")
        layout = COUNTRIES.get((region, case["value"][:2]))
        if layout is None:
            assert case["weight"] is case["price"] is None, case  # a number of the company's own, without a measure
            continue
        check_layout(layout)
        found = classify(case["value"], "]E0", "shopping", (layout,))
        assert isinstance(found, WeighedLabel), case
        assert found.weight_g == (Decimal(case["weight"]) * 1000 if case["weight"] else None), case
        assert found.amount_minor == (Decimal(case["price"]) * 100 if case["price"] else None), case
        assert found.count == case.get("count"), case


def test_a_label_is_the_same_item_whatever_it_weighs() -> None:
    for case in biip_cases("rcn_without_variable_measure", "test_without_variable_measure_strips_variable_parts"):
        layout = COUNTRIES.get((case["rcn_region"].removeprefix("RcnRegion."), case["value"][:2]))
        labels = [
            classify(code, "]E0", "shopping", (layout,) if layout else ()) for code in (case["value"], case["expected"])
        ]
        if layout is None:  # a region's own rule that no store here has set: the whole number is the item's
            assert all(isinstance(each, ItemCode) for each in labels), case
            continue
        first, stripped = labels
        assert isinstance(first, WeighedLabel)
        assert isinstance(stripped, WeighedLabel)
        assert (first.prefix, first.plu) == (stripped.prefix, stripped.plu), case
    for case in biip_cases(
        "rcn_without_variable_measure", "test_without_variable_measure_keeps_nonvariable_rcn_unchanged"
    ):
        region = case["rcn_region"].removeprefix("RcnRegion.")
        assert not [prefix for prefix in case["nonvariable_prefixes"] if (region, prefix) in COUNTRIES], case
    for case in biip_cases("rcn_without_variable_measure"):
        if case["test"].endswith(("keeps_company_rcn_unchanged", "keeps_gtin_unchanged")):
            found = classify(case["value"], None, "shopping")
            assert isinstance(found, ItemCode), case
            assert case["value"].zfill(14) in found.keys


def test_upc_e_without_its_check_digit() -> None:
    for case in biip_cases("upc_parse"):
        if "value" not in case:
            with pytest.raises(NotAGtin):  # a number system that UPC-E does not have
                expand_upc_e(case["number_system"].replace("_", "2") + "425261")
            continue
        expected = case["expected"]
        whole = f"{expected['number_system_digit']}{case['value']}{expected['check_digit']}"
        assert classify(whole, "]E0", "shopping") == ItemCode(whole, expand_upc_e(whole).zfill(14))
        assert classify(case["value"], "]E0", "shopping") == Refused("length")


def test_numbers_of_a_company_are_found_as_they_stand() -> None:
    for case in biip_cases("rcn_rcn", "test_parse_rcn"):
        found = classify(case["value"], None, "shopping", ())
        assert isinstance(found, ItemCode), case
        assert case["value"].zfill(14) in (found.gtin14, found.alternative)


def test_messages_and_element_strings_that_biip_reads() -> None:
    read = 0
    for case in biip_cases("gs1_element_strings"):
        value = case.get("value", case.get("ai_code", "") + case.get("bad_value", ""))
        if not isinstance(value, str):
            continue
        read += 1
        found = parse_element_string(value)
        if "bad_value" in case or "sscc_error" in case.get("expected", {}):
            assert isinstance(found, str), case
        elif isinstance(found, str):
            # What stands alone there needs a companion in a shop: a price its measure, contents their count and their unit.
            assert found == "gs1_contradiction", case
            assert value[:2] in ("02", "39"), case
        else:
            assert "".join(ai + text for ai, text in found.ais.items()) == value
    assert read > 25
    for case in biip_cases("gs1_messages"):
        if "hri" in case["test"] and "parse" in case["test"]:
            continue  # the form in brackets is for people and no scanner sends it
        text = case["value"] if isinstance(case["value"], str) else case["expected"]["value"]
        found = parse_element_string(text)
        judged = GS1Message.parse(text).element_strings
        assert isinstance(found, ElementString), case
        assert found.ais == {element.ai.ai: element.value for element in judged}


def test_digital_links_that_biip_reads() -> None:
    for case in biip_cases("gs1_digital_link_uris"):
        if not isinstance(case["value"], str):
            continue
        found = parse_digital_link(case["value"])
        if case["test"] == "test_parse_error":
            assert isinstance(found, str), case
            assert not isinstance(classify(case["value"], "]Q1", "shopping"), ElementString)
        else:
            assert isinstance(found, DigitalLink), case
            assert classify(case["value"], "]Q1", "shopping") == found


def test_biip_and_we_agree_on_every_gtin_of_the_corpora() -> None:
    for name in ("gtin_encode", "gtin_parse", "upc_encode", "rcn_rules", "rcn_rcn", "parse"):
        for case in biip_cases(name):
            value = case["value"]
            if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (12, 13):
                judged = biip.parse(value).gtin
                found = classify(value, "]E0", "shopping", ())
                assert (found.gtin14 if isinstance(found, ItemCode) else None) == (judged and judged.as_gtin_14()), case
    assert DEFAULT_LAYOUTS[0].pattern == "21IIIIIAAAAAC"
