"""What the house refuses, said in the language of who is told."""

from typing import get_args

import pytest

from devices.ports.scale import Reason
from domain import errors as rules
from domain.basket import BasketEvent, BasketState
from domain.errors import DomainError
from domain.ids import LaneId
from domain.scan import RefusedReason, UnknownReason
from edge_agent import errors
from edge_agent.control import values_of
from edge_agent.desk import errors as desk
from edge_agent.errors import EdgeError
from edge_agent.reading import NoCamera
from edge_agent.settings import Language
from edge_agent.texts import refusal, short, texts
from link.errors import EnrolmentFailed, IdentityRefused, LinkDown, LinkError, LinkRefused
from protocol.errors import ProtocolError

AT_THE_TILL: list[DomainError | ProtocolError | EdgeError | LinkError] = [
    rules.PriceMissing("TEA"),
    rules.WrongStep("tendering", "ring_up", ("back",)),
    rules.UnknownLine(9, 2),
    rules.LineAlreadyVoided(2),
    rules.EmptyBasket(),
    rules.TenderTooSmall(500, 1250),
    rules.TenderTooLarge("qr", 1300, 1250),
    rules.SaleAlreadyVoided("0190"),
    rules.SaleAlreadyReturned("0190", 2),
    rules.ReturnTooLarge(1, 2500, 1000),
    rules.InvalidQuantity("quantity", "0.0001", "three decimals"),
    rules.InvalidMoney("amount", -5, "0 or more"),
    errors.UnknownBarcode("123"),
    errors.LaneBusy(LaneId("1"), 3),
    errors.NothingOnLane(LaneId("1")),
    errors.BasketFull(400, 300_000, 250_000),
    errors.SaleNotFound("0190"),
    errors.RequestReused("r1", "check_out", "ring_up"),
    errors.DayAlreadyClosed("1", "2026-11-21"),
    errors.NotWeighed("moving"),
    errors.LabelsRefused("no_label_printer"),
    errors.DrawerRefused("nobody", "say who opens it and why"),
    errors.StorageFailed("committing", "SQLITE_IOERR"),
    errors.DiskFull("committing"),
    errors.ReserveReached(100 << 20, 200 << 20),
    errors.DatabaseCorrupt("edge.db", "row 7"),
    errors.DatabaseMissing("edge.db", "S1"),
    errors.DatabaseTooNew("edge.db", 9, 1),
    errors.UnsafePragmas("synchronous", 1, 2),
    errors.NotEnrolled("data"),
    errors.AlreadyRunning("data"),
    errors.AgentNotRunning("control.sock"),
    errors.BadAsk("DecodeError: JSON is malformed"),
    errors.UnknownAsk("dance", "status, scan"),
    errors.AskIncomplete("weigh", "code"),
    NoCamera(),
    desk.NothingConfigured(),
    desk.NoSuchDevice("scale-9", "scale-1"),
    desk.WhichDevice("scale-1, scale-2"),
    desk.AgentHoldsDevices("data"),
    desk.NothingLearnt("printer-1", "the level stayed high"),
    LinkDown("broker hq:8883 cannot be reached"),
    LinkRefused("broker hq:8883 does not let S1 in", code=0x87),
    IdentityRefused("the enrolment code is damaged"),
    EnrolmentFailed("https://hq:8443 says no (409)", status=409),
]


WORDS = (BasketState, BasketEvent, RefusedReason, UnknownReason)


def said(error: Exception, language: Language) -> str:
    return refusal(texts(language), short(language), type(error).__name__, values_of(error), str(error))


@pytest.mark.parametrize("error", AT_THE_TILL, ids=lambda error: type(error).__name__)
def test_each_is_said_in_both_languages(error: Exception) -> None:
    chinese, english = said(error, "zh-CN"), said(error, "en")
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert "{" not in chinese + english
    assert english.isascii() or "“" in english


def test_money_and_quantities_are_read_as_people_read_them() -> None:
    assert said(rules.TenderTooSmall(500, 1250), "zh-CN") == "实收 ￥5.00，应收 ￥12.50：还差 ￥7.50"
    assert "2.5 cannot be returned" in said(rules.ReturnTooLarge(1, 2500, 1000), "en")
    assert "100 MB" in said(errors.ReserveReached(100 << 20, 200 << 20), "en")


def test_a_closed_road_is_said_with_the_technical_reason_behind_it() -> None:
    assert said(LinkDown("no route"), "zh-CN").endswith("技术原因：no route")
    assert said(EnrolmentFailed("code used up"), "en").endswith("Technical reason: code used up")


def test_what_the_catalogue_does_not_know_is_said_as_it_stands_in_the_log() -> None:
    assert said(errors.SettingsInvalid("[till] lane: must be text"), "zh-CN") == "[till] lane: must be text"


NO_DRAWER = ["nobody", "no_reason", "not_allowed", "no_drawer", "drawer_away"]
NOT_WEIGHED = [*(reason.value for reason in Reason), "away", "no_scale"]


@pytest.mark.parametrize("word", [*(word for kind in WORDS for word in get_args(kind)), *NOT_WEIGHED, *NO_DRAWER])
def test_reasons_and_steps_have_words(word: str) -> None:
    assert texts("zh-CN")[f"word.{word}"] != texts("en")[f"word.{word}"]


def test_every_refusal_with_a_text_is_among_these() -> None:
    named = {f"error.{type(error).__name__}" for error in AT_THE_TILL}
    assert named == {key for key in texts("en") if key.startswith("error.")}
