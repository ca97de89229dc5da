"""The gateway's HTTP and JSON, and the book of what tags shall show."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.errors import GarbledFrame
from devices.esl_gateway.book import Book
from devices.esl_gateway.codec import Events, Tag, Tags, Taken, decoded, explain, status_of, updates_body
from devices.esl_gateway.http import Answer, AnswerDecoder, request
from devices.ports.esl import TagNews, TagState, TagStatus, TagUpdate

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def update(tag: str = "A1", price: int = 100, minutes: int = 0) -> TagUpdate:
    return TagUpdate(
        f"{tag}-{price}", tag, "shelf", "SKU", price, "CNY", NOON + timedelta(minutes=minutes), {"name": "绿\x1b茶"}
    )


def test_golden_request() -> None:
    assert request("POST", "/api/v1/updates", "10.0.0.5:80", b"{}", "secret") == (
        b"POST /api/v1/updates HTTP/1.1\r\nHost: 10.0.0.5:80\r\nAccept: application/json\r\nContent-Length: 2\r\n"
        b"Content-Type: application/json\r\nAuthorization: Bearer secret\r\n\r\n{}"
    )
    with pytest.raises(ValueError, match="ASCII"):
        request("GET", "/\x01", "h")


def test_golden_update() -> None:
    assert json.loads(updates_body([update()])) == {
        "updates": [
            {
                "id": "A1-100",
                "tag": "A1",
                "template": "shelf",
                "item": "SKU",
                "price": 100,
                "currency": "CNY",
                "updated_at": "2026-11-21T12:00:00+00:00",
                "fields": {"name": "绿茶"},
            }
        ]
    }


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_answers_with_a_length_in_chunks_and_without_a_body(chunk: int) -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{1}HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"
    data += b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\n"
    decoder = AnswerDecoder()
    found = [answer for at in range(0, len(data), chunk) for answer in decoder.feed(data[at : at + chunk])]
    assert found == [Answer(200, b"{1}"), Answer(202, b"abc"), Answer(404, b"")]


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9000,
    ],
)
def test_what_is_no_http_is_refused(data: bytes) -> None:
    with pytest.raises(GarbledFrame):
        AnswerDecoder().feed(data)


def test_answers_that_make_no_sense_are_refused() -> None:
    for body in (b"", b"[]", b'{"epoch": 1}', b'{"epoch": "a", "events": [{"n": 1}]}', b"\xff", b"[" * 5000):
        with pytest.raises(GarbledFrame):
            decoded(body, Events)
    assert decoded(b'{"epoch":"a","new":1}', Taken) == Taken("a")


def test_figures_that_cannot_be_are_not_believed() -> None:
    assert status_of(Tag("A\x001", battery=300, rssi=99)) == TagStatus("A1", True, None, None)


def test_answers_are_explained() -> None:
    tags = b'{"epoch":"e","last":0,"tags":[{"tag":"A1","battery":9}]}'
    events = b'{"epoch":"e","events":[{"n":1,"type":"update","tag":"A1","id":"u","state":"acked"},{"n":2,"type":"tag","tag":"A1"}]}'
    assert [meaning.text for meaning in explain(tags)] == ["tag A1, battery 9"]
    assert [meaning.text for meaning in explain(events)] == ["tag A1: update u acked", "tag A1: online, battery None"]
    assert explain(b'{"epoch":"e","accepted":["u"]}')[0].fields == {"accepted": 1, "refused": 0}
    assert explain(b"?")[0].fields == {"noise": 1}


def test_updates_are_checked() -> None:
    with pytest.raises(ValueError, match="tag_id"):
        TagUpdate("u", "", "shelf", "s", 1, "CNY", NOON)
    with pytest.raises(ValueError, match="zone"):
        TagUpdate("u", "A1", "shelf", "s", 1, "CNY", NOON.replace(tzinfo=None))


def states(news: list[TagNews]) -> list[tuple[str, str]]:
    return [(each.update_id, each.state.value) for each in news]


def test_a_later_price_supersedes_what_waits() -> None:
    book = Book()
    assert states(book.put([update(price=100)])) == [("A1-100", "queued")]
    assert states(book.put([update(price=90, minutes=1)])) == [("A1-100", "failed"), ("A1-90", "queued")]
    assert states(book.put([update(price=80, minutes=-1)])) == [("A1-80", "failed")]
    assert [each.update_id for each in book.to_send(10)] == ["A1-90"]


def test_what_a_tag_says_of_an_old_update_changes_nothing() -> None:
    book = Book()
    book.put([update(price=100)])
    book.sent(["A1-100"], [], 0)
    book.put([update(price=90, minutes=1)])
    assert book.heard(TagNews("A1", "A1-100", TagState.ACKED)) == []
    book.sent(["A1-90"], [], 0)
    assert states(book.heard(TagNews("A1", "A1-90", TagState.ACKED))) == [("A1-90", "acked")]
    assert book.heard(TagNews("A1", "A1-90", TagState.FAILED)) == []


def test_overdue_then_late() -> None:
    book = Book()
    book.put([update()])
    book.sent(["A1-100"], [], 10.0)
    assert book.overdue(19.9, 10) == []
    assert states(book.overdue(20.0, 10)) == [("A1-100", "failed")]
    assert TagNews("A1", "A1-100", TagState.ACKED) in book.seen(TagStatus("A1", shows="A1-100"))


def test_the_same_update_after_a_failure_is_tried_again() -> None:
    book = Book()
    book.put([update()])
    book.sent([], [("A1-100", "no such tag")], 0)
    assert states(book.put([update()])) == [("A1-100", "queued")]
    assert book.put([update()]) == []


def test_a_book_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.esl_gateway.book.MAX_TAGS", 2)
    book = Book()
    book.put([update("A1"), update("A2")])
    with pytest.raises(ValueError, match="at most 2"):
        book.put([update("A3")])
    assert book.seen(TagStatus("B1")) != []


def test_all_tags_decode() -> None:
    assert decoded(b'{"epoch":"e"}', Tags) == Tags("e")
