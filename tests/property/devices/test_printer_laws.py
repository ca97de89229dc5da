"""Printers may answer what they like, and data may be what it likes: nothing crashes, grows, or becomes a command."""

import contextlib
import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import GarbledFrame
from devices.ports import PrinterStatus
from devices.printer_escpos.codec import (
    MAX_BLOCK_BYTES,
    Noise,
    ReplyDecoder,
    SingleByte,
    decode_automatic,
    decode_real_time,
    explain,
)
from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.profile import PROFILES, Marker
from devices.printer_escpos.proof import MAX_OPEN, Proofs
from devices.printer_escpos.text import clean
from devices.receipt import Align, Barcode, Cell, Columns, Cut, Element, Picture, Qr, ReceiptDocument, Text
from firmware_sim.printer.parser import MAX_COMMAND_BYTES, UNKNOWN, Parser
from firmware_sim.printer.realtime import RealTimeScanner
from firmware_sim.printer.render import render
from tests.budget import INPUTS, LONG

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

FAMILIAR = (
    b"\x10\x00\x00\x00", b"\x18\x00\x0f\x00", b"\x38\x00\x00\x0f", b"\x12", b"\x16", b"\x1e", b"\x7e", b"\x00", b"\x0c", b"\x03",
    b"\x37\x220001\x00", b"\x37\x25\x00", b"\x5fEPSON\x00", b"\x11", b"\x13", b"\x37\x22", b"\x5f", b"\xff",
)  # fmt: skip
COMMANDS = (
    b"\x1b@", b"\x1ba", b"\x1dv0\x00", b"\x1d(k", b"\x1d(L", b"\x1dk\x49", b"\x1dk\x02", b"\x1dV", b"\x1cq", b"\x1d8L", b"\x1b*!",
    b"\x1b&", b"\x1bD", b"\x10\x04", b"\x10\x14\x08", b"\x1c&", b"\x1c.", b"\n", b"\x81", b"\x810\x81", b"\xff\xff", b"\x00\x00",
)  # fmt: skip


def inputs(familiar: tuple[bytes, ...], seed: int, count: int = INPUTS) -> Iterator[bytes]:
    """Yield half-sensible streams, always the same ones."""
    draw = random.Random(seed)
    for _ in range(count):
        pieces = (
            draw.choice(familiar) if draw.random() < 0.7 else draw.randbytes(draw.randint(0, 8))
            for _ in range(draw.randint(1, 8))
        )
        yield b"".join(pieces)


def test_every_answer_is_taken_apart_and_nothing_is_kept() -> None:
    decoder = ReplyDecoder()
    for number, stream in enumerate(inputs(FAMILIAR, 1)):
        if number % 3 == 0:
            decoder.await_single_byte()
        for reply in decoder.feed(stream):
            if not isinstance(reply, Noise):
                continue
            assert len(reply.data) == 1
        assert len(decoder.waiting) <= MAX_BLOCK_BYTES + 1


def test_every_status_is_a_status_or_garbled() -> None:
    for stream in inputs(FAMILIAR, 2):
        with contextlib.suppress(GarbledFrame):
            assert isinstance(decode_automatic(stream[:4]), PrinterStatus)
        with contextlib.suppress(GarbledFrame):
            assert isinstance(decode_real_time({1 + len(stream) % 4: (stream or b"\0")[-1]}), PrinterStatus)


def test_whatever_a_printer_says_can_be_explained() -> None:
    for stream in inputs(FAMILIAR, 3, INPUTS // 5):
        for meaning in explain(stream):
            assert meaning.text.isprintable()


@given(st.lists(st.sampled_from(FAMILIAR), max_size=20), st.lists(st.integers(0, 200), max_size=12))
def test_answers_are_blind_to_chunks(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    whole, split = ReplyDecoder(), ReplyDecoder()
    for decoder in (whole, split):
        decoder.await_single_bytes(3)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert [reply for chunk in chunks for reply in split.feed(chunk)] == whole.feed(stream)


def test_the_simulated_printer_consumes_every_byte_once() -> None:
    for stream in inputs(COMMANDS, 4):
        parser = Parser(double_byte=True)
        parser.feed(stream)
        taken = 0
        while (command := parser.next()) is not None:
            assert command.raw
            taken += len(command.raw)
        assert taken + len(parser) == len(stream)


def test_a_command_that_claims_more_than_a_printer_holds_is_none() -> None:
    parser = Parser(double_byte=False)
    parser.feed(b"\x1d8L\xff\xff\xff\x7f")
    command = parser.next()
    assert command is not None
    assert command.name == UNKNOWN
    endless = Parser(double_byte=False)
    endless.feed(b"\x1dk\x04" + b"A" * (MAX_COMMAND_BYTES + 10))
    assert endless.next() is not None


def test_the_simulated_printer_prints_anything_without_falling_over() -> None:
    for stream in inputs(COMMANDS, 5, INPUTS // 20):
        render(stream, "clone-58", draw=False)


def test_real_time_requests_are_found_in_any_chunks() -> None:
    draw = random.Random(6)
    for stream in inputs(COMMANDS, 6, INPUTS // 2):
        whole, split = RealTimeScanner(), RealTimeScanner()
        at, found = 0, []
        while at < len(stream):
            step = draw.randint(1, 4)
            found += split.feed(stream[at : at + step])
            at += step
        assert found == whole.feed(stream)


# ── F42: no byte of data ever becomes a command ──

HOSTILE = (
    "\x1bp\x00\x19\xfa", "\x10\x14\x01\x00\x05", "\x10\x04\x01", "\x1dV\x00", "\x1b@", "\x10\x05\x02", "\x1c.", "\x1d(k", "\x1d8L",
    "茶", "￥", "¥", "龘", "𠮷", "👍🏽", "é", "\u202e", "\udcff", "\x00", "\n", "\r", "\t", "\x7f", "\x9b", "{", "~", " ", "a",
)  # fmt: skip


def texts(count: int, seed: int) -> Iterator[str]:
    """Yield names as an attacker would write them."""
    draw = random.Random(seed)
    for _ in range(count):
        yield "".join(
            draw.choice(HOSTILE)
            if draw.random() < 0.8
            else chr(draw.choice((draw.randint(1, 0xD7FF), draw.randint(0x10000, 0x10FFFF))))
            for _ in range(draw.randint(1, 12))
        )


def words(line: str) -> str:
    return "".join(line.split())


@pytest.mark.parametrize("profile", ["epson-80", "kiosk-80", "latin-80"])
def test_through_the_printer_nothing_but_text_comes_out(profile: str) -> None:
    model = {"epson-80": "epson-80", "kiosk-80": "clone-80", "latin-80": "latin-80"}[profile]
    chosen = PROFILES.named(profile)
    for text in texts(INPUTS // 20, 7):
        row = Columns((Cell(text), Cell(text, 14, Align.RIGHT)))
        document = ReceiptDocument((Text(text), Text(text, Align.CENTER, 2, 2, bold=True), row, Cut()))
        data = encode_receipt(document, chosen)
        assert not any(command in data for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14", b"\x1bp"))
        paper = render(data, model, draw=False)
        assert (paper.drawer_pulses, paper.cuts, paper.unknown, paper.answers, paper.left_over) == ([], 1, [], b"", 0)
        printed = words("".join(receipt.text for receipt in paper.receipts))
        cleaned = words(clean(text, chosen.chinese))
        assert printed.startswith(cleaned * 2)
        assert sorted(printed) == sorted(cleaned * 4)


@settings(max_examples=2000 if LONG else 180)
@given(st.data())
def test_no_document_holds_a_real_time_command(data: st.DataObject) -> None:
    text = st.text(max_size=20)
    element: st.SearchStrategy[Element] = st.one_of(
        st.builds(Text, text),
        st.binary(min_size=1, max_size=40).map(lambda rows: Picture(8, rows * 3)),
        st.builds(Barcode, st.just("code128"), st.from_regex(r"[ -~]{1,20}", fullmatch=True)),
        st.integers(0, 9999999999).map(lambda number: Barcode("code128", f"{number:010}")),
        st.builds(Qr, st.text(min_size=1, max_size=60).filter(lambda each: clean(each).strip() != "")),
    )
    elements = tuple(data.draw(st.lists(element, max_size=6)))
    for name in ("epson-80", "NT-5890K", "TH230"):
        try:
            sent = encode_receipt(ReceiptDocument(elements), PROFILES.named(name))
        except ValueError:
            continue  # too wide for this paper
        assert not any(command in sent for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))


# ── proofs ──


@given(st.lists(st.sampled_from(["ask", "answer", "reconnect", "settle"]), max_size=60))
def test_a_nameless_answer_never_proves_a_job_of_another_connection(steps: list[str]) -> None:
    """A printer that answers everything it was asked, in order, over all connections; some answers arrive after a reconnect."""
    proofs = Proofs(Marker.STATUS)
    owed: list[str] = []
    asked = 0
    proofs.unsettle()
    proofs.settled = True
    for step in steps:
        match step:
            case "ask" if proofs.settled:
                job = f"job-{asked}"
                asked += 1
                proofs.question(job)
                owed.append(job)
            case "answer" if owed:
                printed = owed.pop(0)
                assert proofs.proven(SingleByte(0)) in (printed, None)
            case "reconnect":
                proofs.unsettle()
            case "settle" if not proofs.settled:
                owed.clear()  # all old answers came, and were nobody's
                proofs.settled = True


@given(st.integers(1, 300))
def test_open_proofs_are_bounded(count: int) -> None:
    for marker in (Marker.PROCESS_ID, Marker.STATUS):
        proofs = Proofs(marker)
        for number in range(count):
            proofs.question(f"job-{number}")
        assert len(proofs._named) <= MAX_OPEN
        assert len(proofs._queue) <= MAX_OPEN
