"""The words and signatures of a payment provider: what is certain, what is not, and what nobody may read."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.errors import DeviceMisconfigured
from devices.payment_code import codec
from devices.payment_code.exchange import door_at
from devices.payment_code.signing import Key, NotTrusted, checked, signed
from devices.payment_code.words import MAX_SAID, clean
from devices.ports.payment import (
    Attempt,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    Refunded,
    RefundPending,
    RefundRefused,
    Unknown,
)
from devices.registry import DeviceSettings, Option, open_device
from domain.scan import PaymentCode, classify
from tests.corpora import corpus

KEY = Key("shop", b"a secret of both sides")
NONCE = "000102030405060708090a0b0c0d0e0f"
ATTEMPT = Attempt("S1-1", 1250, code=PaymentCode("wechat", "134567890123456789"))
PAID: dict[str, Any] = {
    "amount_minor": 1250,
    "channel": "wechat",
    "transaction_no": "42",
    "paid_at": "2026-11-21T12:00:00+08:00",
}


def answer(word: str, sub: str = "", **more: Any) -> bytes:
    return json.dumps({"order_no": "S1-1", "word": word, "sub": sub, **more}).encode()


def test_a_request_is_signed_as_openssl_would() -> None:
    headers = signed(KEY, "/v1/query", b'{"order_no":"S1-1"}', 1795300000, NONCE)
    assert headers["Pay-Signature"] == "ba9de141313031ec5c9c4008301eaf98389fb1fffa2c2cacb6669bdcd8e53222"
    assert headers["Pay-Merchant"] == "shop"


def test_an_answer_is_believed_to_one_request_only() -> None:
    body, signature = b'{"order_no":"S1-1"}', "5764b9b859dc10e8b510fa36abcc6efe05d56389fd6089e3324b39dbb40e0098"
    assert checked(KEY, 200, NONCE, signature, body) == body
    for status, nonce, data in ((401, NONCE, body), (200, NONCE[::-1], body), (200, NONCE, body + b" ")):
        with pytest.raises(NotTrusted, match="bad_signature"):
            checked(KEY, status, nonce, signature, data)
    with pytest.raises(NotTrusted, match="bad_signature"):
        checked(KEY, 200, NONCE, "ünfug", body)


@pytest.mark.parametrize(
    ("word", "sub", "outcome"),
    [
        ("USERPAYING", "", NeedsPassword(3.0)),
        ("10003", "", NeedsPassword(3.0)),
        ("WAIT_BUYER_PAY", "", NeedsPassword(3.0)),
        ("SYSTEMERROR", "", Unknown("system_error")),
        ("BANKERROR", "", Unknown("system_error")),
        ("20000", "ACQ.SYSTEM_ERROR", Unknown("system_error")),
        ("NOTPAY", "", Unknown("not_paid_yet")),
        ("ORDERNOTEXIST", "", Unknown("not_found")),
        ("40004", "ACQ.TRADE_NOT_EXIST", Unknown("not_found")),
        ("ORDERPAID", "", Unknown("already_asked")),
        ("OUT_TRADE_NO_USED", "", Unknown("number_used")),
        ("CLOCK_SKEW", "", Unknown("clock_skew", sent=False)),
        ("SIGNERROR", "", Unknown("rejected", sent=False)),
        ("NOTENOUGH", "", Failed("not_enough", "NOTENOUGH")),
        ("AUTHCODEEXPIRE", "", Failed("code_expired", "AUTHCODEEXPIRE")),
        ("AUTH_CODE_INVALID", "", Failed("code_invalid", "AUTH_CODE_INVALID")),
        ("40004", "ACQ.PAYMENT_FAIL", Failed("declined", "ACQ.PAYMENT_FAIL")),
        ("CLOSED", "", Closed()),
        ("REVOKED", "", Closed()),
        ("TRADE_CLOSED", "", Closed()),
        ("40004", "ACQ.TRADE_HAS_CLOSE", Closed()),
        ("REFUND", "", Closed(refunded=True)),
        ("40004", "ACQ.SOMETHING_NEW", Unknown("unknown_word")),
        ("", "", Unknown("unknown_word")),
    ],
)
def test_the_words_of_both_channels(word: str, sub: str, outcome: Outcome) -> None:
    assert codec.outcome_of(ATTEMPT, answer(word, sub)) == outcome


@pytest.mark.parametrize("word", ["SUCCESS", "10000", "TRADE_SUCCESS", "TRADE_FINISHED"])
def test_paid_is_what_was_asked_for_and_nothing_else(word: str) -> None:
    paid = codec.outcome_of(ATTEMPT, answer(word, **PAID))
    assert isinstance(paid, Paid)
    assert paid.paid_at.isoformat() == "2026-11-21T04:00:00+00:00"
    for change in ({"amount_minor": 1249}, {"amount_minor": 125000}, {"amount_minor": -1250}):
        assert codec.outcome_of(ATTEMPT, answer(word, **{**PAID, **change})) == Unknown("amount_differs")
    for missing in ("transaction_no", "paid_at"):
        less = {name: value for name, value in PAID.items() if name != missing}
        assert codec.outcome_of(ATTEMPT, answer(word, **less)) == Unknown("incomplete")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b'{"order_no": "S1-1"}', "malformed"),
        (b'{"order_no": "S1-2", "word": "SUCCESS"}', "other_order"),
        (answer("SUCCESS", **{**PAID, "amount_minor": 12.5}), "malformed"),
        (answer("SUCCESS", **{**PAID, "paid_at": "2026-11-21T12:00:00"}), "malformed"),
        (b"[" * 100_000, "malformed"),
    ],
)
def test_what_makes_no_sense_is_not_believed(body: bytes, reason: str) -> None:
    with pytest.raises(NotTrusted, match=reason):
        codec.outcome_of(ATTEMPT, body)


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"word": "SUCCESS", "recall": "N", "action": "close"}, Closed()),
        ({"word": "SUCCESS", "recall": "N", "action": "refund"}, Closed(refunded=True)),
        ({"word": "10000", "recall": "N"}, Closed()),
        ({"word": "SUCCESS", "recall": "Y"}, Unknown("recall")),
        ({"word": "SYSTEMERROR", "recall": "Y"}, Unknown("recall")),
        ({"word": "SYSTEMERROR", "recall": "N"}, Unknown("system_error")),
        ({"word": "USERPAYING"}, Unknown("not_reversed")),
        ({"word": "AUTHCODEEXPIRE"}, Unknown("not_reversed")),
    ],
)
def test_a_reverse_is_closed_or_unknown_and_nothing_between(more: dict[str, str], outcome: Outcome) -> None:
    assert codec.reversal_of(ATTEMPT, json.dumps({"order_no": "S1-1", **more}).encode()) == outcome


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"word": "SUCCESS", "amount_minor": 500, "transaction_no": "77"}, Refunded("77")),
        ({"word": "SUCCESS", "amount_minor": 400, "transaction_no": "77"}, Unknown("amount_differs")),
        ({"word": "PROCESSING"}, RefundPending()),
        ({"word": "REFUND_FEE_MISMATCH"}, RefundRefused("above_paid")),
        ({"word": "SYSTEMERROR"}, Unknown("system_error")),
        ({"word": "WHATEVER"}, Unknown("unknown_word")),
    ],
)
def test_refunds(more: dict[str, Any], outcome: object) -> None:
    refund = Refund("R1", "S1-1", 500, 1250)
    found = codec.refund_outcome_of(refund, json.dumps({"refund_no": "R1", **more}).encode())
    assert type(found) is type(outcome)
    assert getattr(found, "reason", "") == getattr(outcome, "reason", "")


def test_texts_of_a_provider_are_short_one_line_and_hold_no_whole_code() -> None:
    said = clean("code\n134567890123456789\x1bp fp" + "a" * 33 + " " + "long " * 100)
    assert "134567890123456789" not in said
    assert "a" * 20 not in said
    assert said.isprintable()
    assert len(said) <= MAX_SAID
    assert "1345678901234567" not in clean("x " * 54 + "134567890123456789")  # cut in the middle of a code


def test_nothing_shows_a_code_or_the_secret() -> None:
    for shown in (repr(ATTEMPT), repr(KEY), str(ATTEMPT.code)):
        assert "134567890123456789" not in shown
        assert "both sides" not in shown


def test_a_card_attempt_has_no_code_to_send() -> None:
    with pytest.raises(ValueError, match="has no payment code"):
        codec.pay_body(Attempt("S1-1", 1250))


@pytest.mark.req(130)
def test_r130_codes_of_every_channel_are_told_apart_only_while_paying() -> None:
    for case in json.loads((corpus("golden-frames") / "payment_codes.json").read_text("utf-8")):
        found = classify(case["code"], None, "tendering")
        assert (found.channel if isinstance(found, PaymentCode) else None) == case["channel"]
        assert not isinstance(classify(case["code"], None, "shopping"), PaymentCode)


@pytest.mark.req(154)
def test_r154_a_face_that_pays_is_a_code_of_alipay() -> None:
    face = classify("fp" + "0" * 33, None, "tendering")
    assert isinstance(face, PaymentCode)
    assert face.channel == "alipay"
    body = codec.pay_body(Attempt("S1-1", 1, code=face))
    assert json.loads(body.data)["auth_code"] == face.code
    assert "fp0" not in repr(body)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "https://HOST"),
        ("ftp://h", "https://HOST"),
        ("http://10.0.0.1/", "plain http"),
        ("https://u:pw@h/", "https://HOST"),
    ],
)
def test_addresses_that_are_refused(address: str, said: str) -> None:
    with pytest.raises(DeviceMisconfigured, match=said) as refused:
        door_at(address)
    assert "pw" not in str(refused.value)


def test_addresses_that_are_taken() -> None:
    assert door_at("http://127.0.0.1:8000/gateway/")[:3] == ("127.0.0.1", 8000, "/gateway")
    assert door_at("https://pay.example.com").port == 443


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "merchant"),
        ({"merchant": "", "secret_file": "{tmp}/s"}, "merchant ''"),
        ({"merchant": "m", "secret_file": "{tmp}/none"}, "cannot be read: No such file"),
        ({"merchant": "m", "secret_file": "{tmp}/short"}, "has 5 bytes; 16 are the least"),
    ],
)
def test_wrong_settings_stop_the_start(options: dict[str, str], said: str, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x" * 32)
    (tmp_path / "short").write_text("short\n")
    given: dict[str, Option] = {name: value.format(tmp=tmp_path) for name, value in options.items()}
    with pytest.raises(DeviceMisconfigured, match=said):
        open_device(DeviceSettings("p", "payment_code", "http://127.0.0.1:1", options=given))
