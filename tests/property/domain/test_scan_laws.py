"""Whatever a stranger's code holds, the till survives it and shows no control character."""

import contextlib
import random
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.catalogue import check_digit
from domain.gs1 import ElementString
from domain.labels import LabelLayout
from domain.limits import MAX_SCAN, has_control
from domain.scan import ALLOWED, ItemCode, PaymentCode, Refused, Unknown, classify
from tests.budget import INPUTS

GS = "\x1d"
LAYOUTS = (
    LabelLayout("21IIIIIAAAAAC"),
    LabelLayout("22IIIIIWWWWWC"),
    LabelLayout("28IIIIIAAAAAWWWWWC"),
    LabelLayout("20IIIIVAAAAAC"),
)
STATES: tuple[Literal["shopping", "tendering"], ...] = ("shopping", "tendering")
AIMS = (None, "]A0", "]E1", "]", "", *sorted(ALLOWED["shopping"]))

numbers = st.text("0123456789", max_size=30)
gtins = st.text("0123456789", min_size=12, max_size=12).map(lambda body: f"{body}{check_digit(body)}")
ais = st.sampled_from(
    [
        "01",
        "02",
        "00",
        "10",
        "17",
        "11",
        "15",
        "21",
        "30",
        "37",
        "3103",
        "3102",
        "3922",
        "3932",
        "400",
        "7007",
        "8110",
        "8200",
        "99",
        "255",
    ]
)
messages = st.lists(
    st.tuples(ais, st.one_of(numbers, gtins.map(lambda g: "0" + g), st.text(max_size=8))), max_size=6
).map(lambda pairs: GS.join(ai + value for ai, value in pairs))
links = st.tuples(
    st.sampled_from(["http://", "https://", "HTTPS://[", "http://a@b:99999/", "https://例.cn/"]),
    st.text(max_size=10),
    st.one_of(messages, gtins.map(lambda g: f"/01/{g}"), st.just("/01/06901234567892/10/%1B%40?99=%0A")),
    st.text("?&=%#0123456789AFabc+/", max_size=20),
).map("".join)
codes = st.one_of(
    st.text(max_size=60),
    numbers,
    gtins,
    messages,
    links,
    st.tuples(st.sampled_from(["]E0", "]C1", "]Q1", "]Q3", "]d2"]), messages).map("".join),
)


def texts(value: Any) -> list[str]:
    """Return every text inside ``value``."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for text in pair]
    if isinstance(value, msgspec.Struct):
        return [text for field in value.__struct_fields__ for text in texts(getattr(value, field))]
    return []


@settings(max_examples=1_000)  # times 23 symbologies and 2 states: 46 000 inputs
@given(codes)
@example("0106901234567892" + GS + "10\x1b@")
@example("https://a/01/12312312312333?99=ABC%1BDEF")
@example("https://a/01/12312312312333?%39%39=%00")
@example("https://[/01/12312312312333")
def test_no_code_crashes_the_till_or_smuggles_a_control_character(data: str) -> None:
    for aim in AIMS:
        for state in STATES:
            found = classify(data, aim, state, LAYOUTS)
            assert not [text for text in texts(found) if has_control(text)]
            assert all(len(text) <= MAX_SCAN for text in texts(found))
            assert (
                isinstance(found, PaymentCode | Refused | Unknown)
                if state == "tendering"
                else not isinstance(found, PaymentCode)
            )


@given(gtins.filter(lambda code: code.strip("0") != "" and code[:2] not in ("20", "21", "22")))
def test_every_gtin_13_is_found_with_and_without_its_symbology(code: str) -> None:
    assert classify(code, "]E0", "shopping") == classify(code, None, "shopping") == ItemCode(code, "0" + code)


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_every_label_says_what_was_printed(plu: int, amount: int) -> None:
    body = f"21{plu:05}{amount:05}"
    label = classify(f"{body}{check_digit(body)}", "]E0", "shopping")
    assert (getattr(label, "plu", None), getattr(label, "amount_minor", None)) == (f"{plu:05}", amount)


AI = [
    "00",
    "01",
    "02",
    "10",
    "11",
    "13",
    "15",
    "17",
    "21",
    "30",
    "37",
    "240",
    "3103",
    "3100",
    "3922",
    "3929",
    "3932",
    "410",
    "8005",
    "99",
]


def gs1_like(drawn: random.Random) -> str:
    """Return something that begins as a GS1 message or a Digital Link does."""
    parts = [
        drawn.choice(AI) + "".join(drawn.choices("01234567890123456789AZ-%/\x1d", k=drawn.randint(0, 15)))
        for _ in range(drawn.randint(1, 4))
    ]
    text = drawn.choice(["", "\x1d"]).join(parts)
    return f"https://x.y/01/{text.replace(chr(29), '?')}" if drawn.random() < 0.2 else text


@pytest.mark.timeout(3600)
def test_every_message_that_is_taken_can_be_asked_for_everything_it_may_tell() -> None:
    drawn, taken = random.Random(11), 0
    for _ in range(INPUTS):
        found = classify(gs1_like(drawn), drawn.choice(AIMS), "shopping", LAYOUTS)
        if isinstance(found, ElementString):
            taken += 1
            assert all(found.ais.values())
            assert (found.count or 0) >= 0
            assert (found.weight_g or 0) >= 0
            assert (found.amount_minor(2) or 0) >= 0
            for ai in ("11", "13", "15", "16", "17"):
                with contextlib.suppress(ValueError):  # a day that its month does not have
                    found.day(ai, 2026)
    assert taken > INPUTS // 500
