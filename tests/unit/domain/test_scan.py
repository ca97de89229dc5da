"""What a scan is, in each state of the till."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.gs1 import GS, DigitalLink, ElementString, parse_digital_link, parse_element_string
from domain.labels import LabelLayout, WeighedLabel
from domain.limits import MAX_SCAN
from domain.scan import ItemCode, PaymentCode, Refused, Unknown, classify

CODES = Path(__file__).parents[2] / "data" / "codes"


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((CODES / f"{name}.json").read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("case", cases("scanner_lines"), ids=lambda case: case["raw"][:20])
def test_lines_as_scanners_send_them(case: dict[str, Any]) -> None:
    meaning = case["meaning"]
    found = classify(bytes.fromhex(case["raw"]).decode("gb18030").rstrip("\r\n"), None, "shopping")
    if "error" in meaning:
        assert found == Refused("check_digit")
    elif "note" in meaning:
        assert found == Refused("control_character")
    elif "gtin" in meaning:
        assert isinstance(found, ElementString)
        assert (found.gtin14, found.batch, found.day("17", 2026)) == (
            meaning["gtin"],
            meaning["batch"],
            date(2026, 12, 31),
        )
        assert (found.serial, found.weight_g) == (meaning.get("serial"), 1_234 if "net_weight_kg" in meaning else None)
    else:
        assert found == ItemCode(meaning["data"], meaning["data"].zfill(14))


@pytest.mark.parametrize("case", cases("payment_codes"), ids=lambda case: case["code"])
def test_payment_codes_only_while_tendering(case: dict[str, Any]) -> None:
    code, channel = case["code"], case["channel"]
    found = classify(code, None, "tendering")
    if channel is None:
        assert found == Refused("not_a_payment_code")
        assert not isinstance(classify(code, None, "shopping"), PaymentCode)
        return
    assert found == PaymentCode(channel, code)
    assert code not in repr(found)
    assert classify(code, None, "shopping") == Refused("payment_code_while_shopping")


def test_more_payment_codes() -> None:
    assert classify("62" + "1" * 17, "]Q1", "tendering") == PaymentCode("unionpay", "62" + "1" * 17)
    face = "fp" + "a" * 33
    assert classify(face, None, "tendering") == PaymentCode("alipay", face)
    assert classify(face, None, "shopping") == Refused("payment_code_while_shopping")
    assert classify("01" + "2" * 17, "]Q1", "tendering") == PaymentCode("ecny", "01" + "2" * 17)


def test_the_same_digits_are_a_label_while_shopping_and_money_while_tendering() -> None:
    digits = "281234512345100003"
    layouts = (LabelLayout("28IIIIIAAAAAWWWWWC"),)
    assert classify(digits, "]C0", "shopping", layouts) == WeighedLabel(
        digits, "28", "12345", weight_g=10_000, amount_minor=12_345
    )
    assert classify(digits, "]C0", "tendering", layouts) == PaymentCode("alipay", digits)


@pytest.mark.parametrize("case", cases("scan_data_symbology_id"), ids=lambda case: repr(case["scan_data"]))
def test_symbology_identifiers_agree_with_the_standard(case: dict[str, Any]) -> None:
    found = classify(case["scan_data"], None, "shopping")
    if not case["valid"] or not case["message"]:
        assert isinstance(found, Refused | Unknown)
    elif case["message"].startswith("^"):
        assert isinstance(found, ElementString)
        assert found.ais["01"] == "12312312312333"
    elif case["message"].lower().startswith("http"):
        assert found == DigitalLink({"01": "12312312312333", "99": "TEST"})
    else:
        assert found == Unknown("text")  # free text of a QR code is no item of a shop


@pytest.mark.parametrize("case", cases("ai_unbracketed_fnc1"), ids=lambda case: case["input"])
def test_element_strings_agree_with_the_standard(case: dict[str, Any]) -> None:
    found = parse_element_string(case["input"].replace("^", GS))
    assert isinstance(found, ElementString) == case["valid"]


@pytest.mark.parametrize(
    ("ais", "accepted"),
    [
        (("0195012345678903", "3103000123"), True),
        (("0195012345678902", "3103000123"), False),  # check digit
        (("400ABC", "400ABC"), True),
        (("400ABC", "400XYZ"), False),
        (("0112345678901231", "3103001234", "3102001234"), False),  # two weights
        (("0112345678901231", "392512599"), False),  # a price needs a measure
        (("0112345678901231", "392512599", "30123"), True),
        (("0112345678901231", "37123"), False),
        (("0212345678901231", "37123"), False),
        (("0212345678901231", "37123", "00123456789012345675"), True),
        (("00123456789012345674",), False),
        (("17261331",), False),  # month 13
        (("10",), False),
        ((), False),
        (("30",), False),  # a count of no digits
        (("0112345678901231", "37"), False),
        (("0112345678901231", "3103001234", "3922"), False),
    ],
)
def test_contradictions_inside_one_code(ais: tuple[str, ...], accepted: bool) -> None:
    assert isinstance(parse_element_string(GS.join(ais)), ElementString) == accepted


def test_what_an_element_string_tells() -> None:
    found = classify(f"]C1019501234567890331030012343922001999{GS}17260200{GS}30" + "7", None, "shopping")
    assert isinstance(found, ElementString)
    assert (found.gtin14, found.weight_g, found.amount_minor(2), found.count) == ("95012345678903", 1_234, 1_999, 7)
    assert (found.day("17", 2026), found.day("15", 2026)) == (date(2026, 2, 28), None)
    assert ElementString({"3105": "123456"}).weight_g == 1_235
    assert ElementString({}).weight_g is ElementString({}).amount_minor(2) is ElementString({}).count is None
    assert ElementString({"3920": "15"}).amount_minor(0) == 15


@pytest.mark.parametrize(
    ("yymmdd", "year", "expected"),
    [
        ("771231", 2026, date(1977, 12, 31)),
        ("761231", 2026, date(2076, 12, 31)),
        ("000101", 2050, date(2100, 1, 1)),
        ("991200", 2026, date(1999, 12, 31)),
    ],
)
def test_centuries_slide_with_the_year(yymmdd: str, year: int, expected: date) -> None:
    assert ElementString({"17": yymmdd}).day("17", year) == expected


@pytest.mark.parametrize(
    ("data", "aim", "expected"),
    [
        ("036000291452", "]E0", ItemCode("036000291452", "00036000291452")),
        ("04252614", "]E0", ItemCode("04252614", "00042100005264")),  # UPC-E by the symbology
        ("02345673", "]E4", ItemCode("02345673", "00000002345673")),  # EAN-8 by the symbology
        ("02345673", None, ItemCode("02345673", "00000002345673", "00023456000073")),  # both can be meant
        ("04252614", None, ItemCode("04252614", "00042100005264")),
        ("690123456789205", "]E3", ItemCode("6901234567892", "06901234567892")),
        ("16901234567899", "]I1", ItemCode("16901234567899", "16901234567899")),
        ("1690123456", "]I0", Refused("length")),  # a short read of an ITF passes as anything
        ("6901234567891", "]X0", Refused("check_digit")),  # a typing mistake
        ("6901234567891", "]C0", ItemCode("6901234567891")),  # a number of the shop's own
        ("A-100/7", "]C0", ItemCode("A-100/7")),
        ("BREAD 7", None, ItemCode("BREAD 7")),
        ("4011", "]X0", ItemCode("4011")),
        ("  6901234567892 ", None, ItemCode("6901234567892", "06901234567892")),
        ("690123456789", "]E4", Refused("length")),
        ("69012345678９2", "]E0", Refused("length")),
        ("6901234567892", "]A0", Refused("symbology")),
        ("12", "]E1", Refused("symbology")),
        ("hello", "]Q1", Unknown("text")),
        ("6901234567892", "]Q1", ItemCode("6901234567892", "06901234567892")),
        ("9" * 49, None, Unknown("text")),
        ("A" * 49, None, Unknown("text")),
        ("可乐", None, Unknown("text")),
        ("<b>", None, Unknown("text")),
        ("", None, Unknown("empty")),
        ("  ", "]E0", Unknown("empty")),
        ("9" * (MAX_SCAN + 1), None, Refused("too_long")),
        ("6901234567892\x1b@", "]E0", Refused("control_character")),
        (f"0106901234567892{GS}", "]E0", Refused("control_character")),
        ("\u202e6901234567892", None, Refused("control_character")),
        ("https://example.com/", "]Q1", Unknown("address")),
        ("http://[::1/01/12312312312333", "]Q1", Unknown("address")),
        ("https://example.com/01/12312312312334", "]Q1", Refused("check_digit")),
        ("HTTPS://example.com/01/9520123456788", "]Q1", DigitalLink({"01": "09520123456788"})),
        ("2106013040083", "]E0", WeighedLabel("2106013040083", "21", "06013", amount_minor=4_008)),
        ("2106013040084", "]E0", Refused("check_digit")),
        (
            "01069012345678921726123110AB",
            None,
            ElementString({"01": "06901234567892", "17": "261231", "10": "AB"}),
        ),
        ("0106901234567890999", None, ItemCode("0106901234567890999")),
    ],
)
def test_while_shopping(data: str, aim: str | None, expected: object) -> None:
    assert classify(data, aim, "shopping") == expected


@pytest.mark.parametrize(
    ("data", "aim", "expected"),
    [
        ("6901234567892", None, Refused("not_a_payment_code")),
        ("6901234567892", "]E0", Refused("symbology")),
        ("https://example.com/01/09520123456788", "]Q1", Refused("not_a_payment_code")),
        (f"134567890123456789{GS}", None, Refused("control_character")),
        ("", None, Unknown("empty")),
    ],
)
def test_while_tendering_nothing_is_an_item(data: str, aim: str | None, expected: object) -> None:
    assert classify(data, aim, "tendering") == expected


@pytest.mark.parametrize(
    "uri",
    [
        "https://a/01/12312312312333?99=ABC&999=faux",
        "https://a/01/12312312312333?99=",
        "https://example.com/01/09520123456788?10=ABC123",
        "https://a/01/12312312312333?99=ABC&99=ABD",
        "https://a/01/12312312312333?99=ABC%00DEF",
        "https://a/01/12312312312333/10/%E5%8F%AF",
        "https://a/01/12312312312333/10/",
    ],
)
def test_digital_links_that_the_standard_refuses(uri: str) -> None:
    assert isinstance(parse_digital_link(uri), str)


def test_a_code_lists_what_to_look_up() -> None:
    assert ItemCode("02345673", "00000002345673", "00023456000073").keys == (
        "00000002345673",
        "00023456000073",
        "02345673",
    )
    assert ItemCode("BREAD").keys == ("BREAD",)
