"""Shelf tags: the newest price wins in every order, and no answer of a gateway does harm."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import GarbledFrame
from devices.esl_gateway.book import Book
from devices.esl_gateway.codec import Events, Tags, Taken, decoded, explain, news_of, status_of
from devices.esl_gateway.http import MAX_BODY_BYTES, MAX_HEAD_BYTES, AnswerDecoder
from devices.ports.esl import TagNews, TagState, TagUpdate
from firmware_sim.esl.requests import BadRequest, RequestReader
from tests.budget import INPUTS, LONG

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def update(number: int) -> TagUpdate:
    return TagUpdate(f"u-{number}", "A1", "shelf", "SKU", number, "CNY", NOON + timedelta(seconds=number))


@given(
    order=st.permutations(range(6)),
    sends=st.lists(st.booleans(), min_size=6, max_size=6),
    acks=st.lists(st.integers(0, 5), max_size=8),
)
def test_the_newest_price_wins_whatever_the_order(order: list[int], sends: list[bool], acks: list[int]) -> None:
    book, waiting = Book(), list(acks)
    for number, send in zip(order, sends, strict=True):
        book.put([update(number)])
        if send:
            book.sent([each.update_id for each in book.to_send(10)], [], 0)
        if waiting:
            book.heard(TagNews("A1", f"u-{waiting.pop()}", TagState.ACKED))
    newest = book.update_of("A1")
    assert newest is not None
    assert newest.update_id == "u-5"
    assert newest.state is not TagState.FAILED
    book.sent([each.update_id for each in book.to_send(10)], [], 0)
    book.heard(TagNews("A1", "u-5", TagState.ACKED))
    assert book.update_of("A1") == TagNews("A1", "u-5", TagState.ACKED)


HEADS = (
    b"HTTP/1.1 200 OK\r\n|HTTP/1.0 |Content-Length: 2\r\n|Content-Length: 999\r\n|Transfer-Encoding: chunked\r\n|\r\n|"
    b"0\r\n\r\n|2\r\n{}\r\n|{}|GET / HTTP/1.1\r\n|POST /x HTTP/1.1\r\n|\x00|\xff\xfe"
)
WORDS = [*HEADS.split(b"|"), b"a" * 50]
PARTS = (
    b'{"epoch":"e"~,"events":[~{"n":2,"type":"tag","tag":"\\u0007"}~,~]~}~,"tags":[~{"tag":"A1","battery":1e9}~"~[[[~\xff~'
    b',"accepted":["u"]~null~{"n":1,"type":"update","tag":"A1","id":"u","state":"acked"}~{"tag":"A","rssi":-1}'
)
BODIES = PARTS.split(b"~")


def noise(chance: random.Random, words: list[bytes]) -> bytes:
    return b"".join(
        chance.choice(words) if chance.random() < 0.8 else chance.randbytes(2) for _ in range(chance.randint(0, 9))
    )


@given(pieces=st.lists(st.sampled_from(WORDS), max_size=9), chunk=st.integers(1, 20))
def test_answers_are_the_same_however_they_are_cut(pieces: list[bytes], chunk: int) -> None:
    data = b"".join(pieces)

    def read(size: int) -> list[object]:
        decoder, found = AnswerDecoder(), list[object]()
        try:
            for at in range(0, len(data), size):
                for answer in decoder.feed(data[at : at + size]):
                    found.append(answer)
        except GarbledFrame:
            found.append("garbled")
        return found

    whole, cut = read(len(data) or 1), read(chunk)
    # What stands before nonsense is lost when both come at once: the connection is given up in any case.
    assert cut == whole or (whole == ["garbled"] and cut[-1] == "garbled")


@pytest.mark.timeout(3600 if LONG else 180)
def test_http_survives_anything() -> None:
    chance = random.Random(1)
    decoder, reader = AnswerDecoder(), RequestReader()
    for _ in range(INPUTS):
        data = noise(chance, WORDS)
        try:
            decoder.feed(data)
        except GarbledFrame:
            decoder = AnswerDecoder()
        try:
            reader.feed(data)
        except BadRequest:
            reader.clear()
    assert len(decoder._buffer) <= MAX_HEAD_BYTES + MAX_BODY_BYTES


@pytest.mark.timeout(3600 if LONG else 180)
def test_bodies_survive_anything() -> None:
    chance = random.Random(2)
    for _ in range(INPUTS):
        data = noise(chance, BODIES)
        assert all(meaning.text.isprintable() for meaning in explain(data))
        try:
            events = decoded(data, Events)
        except GarbledFrame:
            continue
        for event in events.events:
            assert status_of(event).tag_id.isprintable()
            assert news_of(event).reason.isprintable()
    for of in (Tags, Taken):
        with pytest.raises(GarbledFrame):
            decoded(b"{", of)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_answer_in_small_pieces_is_looked_through_once(chunked: bool) -> None:
    """Looked through again for each piece, the list of a big store's tags would keep the event loop for seconds."""
    chunk = b"3e8\r\n" + bytes(1000) + b"\r\n"
    raw = b"HTTP/1.1 200 OK\r\n" + (
        b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2000 + b"0\r\n\r\n"
        if chunked
        else b"Content-Length: 2000000\r\n\r\n" + bytes(2_000_000)
    )
    decoder, before_s = AnswerDecoder(), time.process_time()
    found = [answer for at in range(0, len(raw), 512) for answer in decoder.feed(raw[at : at + 512])]
    assert [len(answer.body) for answer in found] == [2_000_000]
    assert time.process_time() - before_s < 2
