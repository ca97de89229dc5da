"""Frames must agree before a code is believed, and one presence counts once."""

import pytest

from devices.vision.codes import Reading
from devices.vision.voter import NEED, View, Voter, alike

SOAP = Reading("EAN13", "6901234567892", "]E0", votes=1)
SURE = SOAP._replace(votes=2)
MISREAD = Reading("EAN13", "6907234567890", "]E0", votes=2)  # 1 read as 7
OTHER = Reading("EAN13", "4006381333931", "]E0", votes=2)
QR = Reading("QR", "https://x.y", "]Q1", votes=2)
FRAME_S = 1 / 15


def frames_until_accepted(voter: Voter, reading: Reading, limit: int = 10) -> int:
    return next(number for number in range(1, limit) if voter.add([reading]))


@pytest.mark.parametrize(
    ("family", "unsure", "sure"),
    [
        ("QR", 1, 1),
        ("DM", 1, 1),
        ("CODE128", 2, 1),
        ("DATABAREXP", 2, 1),
        ("EAN13", 3, 2),
        ("ITF", 3, 2),
        ("EAN8", 4, 2),
    ],
)
def test_how_many_frames_a_family_needs(family: str, unsure: int, sure: int) -> None:
    reading = Reading(family, "00012345678905", "")
    assert frames_until_accepted(Voter(), reading) == unsure
    assert frames_until_accepted(Voter(), reading._replace(votes=2)) == sure


def test_every_family_has_its_need() -> None:
    assert set(NEED) == {"EAN13", "EAN8", "UPCA", "UPCE", "CODE128", "ITF", "DATABAR", "DATABAREXP", "QR", "DM"}


def test_a_known_article_needs_two_votes() -> None:
    voter = Voter(known=lambda text: text == SOAP.text)
    assert frames_until_accepted(voter, SOAP) == 2
    assert frames_until_accepted(Voter(known=lambda text: False), SOAP) == 3


def test_votes_older_than_the_window_do_not_count() -> None:
    voter = Voter(window=4)
    assert voter.add([SURE]) == []
    for _ in range(3):
        voter.add([])
    assert voter.add([SOAP]) == []
    assert [r.text for r in voter.add([SURE])] == [SOAP.text]


def test_a_look_alike_holds_both_back_until_one_leads_twice() -> None:
    voter, unsure = Voter(), MISREAD._replace(votes=1)
    assert [voter.add([SOAP, unsure]) for _ in range(3)] == [[]] * 3
    assert voter.add([SURE]) == []
    assert [reading.text for reading in voter.add([SURE])] == [SOAP.text], "7 votes against 3"


def test_two_goods_of_one_maker_side_by_side_are_two_codes() -> None:
    voter = Voter()
    assert alike(SOAP.text, MISREAD.text)
    assert voter.add([SURE, MISREAD]) == [], "once may be an accident"
    assert {reading.text for reading in voter.add([SURE, MISREAD])} == {SOAP.text, MISREAD.text}


def test_what_cannot_be_a_misreading_is_no_rival() -> None:
    voter = Voter()
    voter.add([SURE, OTHER, QR])
    assert {reading.text for reading in voter.add([SURE, OTHER])} == {SOAP.text, OTHER.text, QR.text}


def test_a_short_code_inside_a_long_one_is_a_rival() -> None:
    assert alike("01234567", "6901234567892")
    assert not alike("96385074", "6901234567892")


def test_an_item_that_stays_counts_once() -> None:
    view = View()
    seen = [reading.text for frame in range(60) for reading in view.add([SURE], frame * FRAME_S)]
    assert seen == [SOAP.text]
    assert view.here == {SOAP.text}


def test_the_same_code_counts_again_after_it_left() -> None:
    view = View()
    now = 0.0
    seen = []
    for readings in ([SURE] * 5, [None] * 20, [SURE] * 5):
        for reading in readings:
            now += FRAME_S
            seen += view.add([reading] if reading else [], now)
    assert [reading.text for reading in seen] == [SOAP.text, SOAP.text]


def test_a_code_that_flickers_has_not_left() -> None:
    view = View()
    seen = []
    for frame in range(90):
        seen += view.add([SURE] if frame < 3 or frame % 10 == 0 else [], frame * FRAME_S)
    assert len(seen) == 1


def test_a_camera_that_stood_still_has_not_seen_the_goods_leave() -> None:
    view = View()
    assert [view.add([SURE], at_s) for at_s in (0.0, 0.1)][1]
    assert view.add([], 30.0) == []
    assert view.add([SURE], 30.1) == [], "two frames, though half a minute apart, are no proof"


def test_an_unsure_reading_keeps_a_code_in_view() -> None:
    view = View()
    for frame in range(4):
        view.add([SURE], frame * FRAME_S)
    later = [view.add([SOAP], 0.3 + frame * FRAME_S) for frame in range(40)]
    assert not any(later)
