"""A label counts as printed when the printer has said what cannot be true otherwise, and not before."""

from devices.label import LabelDocument
from devices.labelling.ledger import Ledger, portions
from devices.ports.label import BatchOutcome, LabelBatch, LabelRun, LabelStatus, RunOutcome
from devices.ports.printer import JobState

PAPER = LabelDocument(40, 30, ())


def batch(*copies: int) -> LabelBatch:
    return LabelBatch("b", tuple(LabelRun(PAPER, count) for count in copies))


def ledger(*copies: int, counts_current: bool = True, at_once: int = 10) -> Ledger:
    book = Ledger(len(copies), counts_current=counts_current, settle_s=1.0)
    for portion in portions(batch(*copies), at_once):
        book.sent(portion)
    return book


def held(formats: int, remaining: int) -> LabelStatus:
    return LabelStatus(ready=True, busy=formats > 0 or remaining > 0, formats=formats, remaining=remaining)


READY, BUSY = LabelStatus(ready=True, busy=False), LabelStatus(ready=True, busy=True)


def test_runs_are_cut_into_pieces() -> None:
    assert [(piece.run, piece.copies) for piece in portions(batch(1, 12, 5), 5)] == [
        (0, 1),
        (1, 5),
        (1, 5),
        (1, 2),
        (2, 5),
    ]


def test_what_was_sent_is_unknown_until_the_printer_speaks() -> None:
    book = ledger(2, 3)
    assert (book.printed, book.in_flight) == (0, 5)
    assert book.outcome() == (RunOutcome(0, 2), RunOutcome(0, 3))


def test_formats_that_it_no_longer_holds_are_printed() -> None:
    book = ledger(1, 1, 1)
    assert book.heard(held(2, 1), 0)
    assert (book.printed, book.in_flight) == (1, 2)


def test_copies_are_counted_but_not_the_one_under_the_head() -> None:
    book = ledger(5)
    book.heard(held(1, 3), 0)
    assert (book.printed, book.in_flight) == (1, 4)  # two are out or one is: one is certain
    book.heard(held(1, 5), 0)
    assert book.printed == 1  # it never goes back


def test_in_doubt_the_one_under_the_head_is_added() -> None:
    book = ledger(1, 1, counts_current=False)
    book.heard(held(1, 1), 0)
    assert book.printed == 0
    book.heard(held(0, 1), 0)
    assert book.printed == 1


def test_idle_counts_only_after_a_while() -> None:
    book = ledger(3)
    assert not book.heard(READY, 10.0)
    assert not book.heard(READY, 10.9)
    assert book.heard(READY, 11.0)
    assert (book.printed, book.in_flight) == (3, 0)


def test_seen_at_work_it_takes_less_and_a_new_piece_begins_anew() -> None:
    book = ledger(1)
    book.heard(BUSY, 0)
    book.heard(READY, 1.0)
    assert book.heard(READY, 1.3)
    for piece in portions(batch(1), 1):
        book.sent(piece)
    assert not book.heard(READY, 1.4)
    assert not book.heard(READY, 1.7)


def test_stopped_in_the_middle_nothing_is_claimed() -> None:
    book = ledger(1)
    book.heard(READY, 0)
    book.heard(LabelStatus(ready=False, busy=False, paper_out=True), 0.9)
    book.heard(READY, 1.1)
    assert book.printed == 0


def test_a_counting_printer_that_stopped_empty_has_printed_all() -> None:
    book = ledger(1)
    empty = LabelStatus(ready=False, paper_out=True, busy=False, formats=0, remaining=0)
    book.heard(empty, 0)
    assert book.heard(empty, 1.0)


def test_more_formats_than_were_sent_are_somebody_elses() -> None:
    book = ledger(1)
    assert not book.heard(held(7, 2), 0)
    assert book.in_flight == 1


def test_the_rest_of_a_batch_leaves_out_what_may_be_on_paper() -> None:
    whole = batch(1, 5, 2)
    outcome = BatchOutcome("b", JobState.UNKNOWN, (RunOutcome(1, 0), RunOutcome(2, 1), RunOutcome(0, 0)))
    rest = outcome.rest(whole, "b2")
    assert rest is not None
    assert [run.copies for run in rest.runs] == [2, 2]
    looked = outcome.rest(whole, "b2", unknown_too=True)
    assert looked is not None
    assert [run.copies for run in looked.runs] == [3, 2]
    assert BatchOutcome("b", JobState.PRINTED, (RunOutcome(1), RunOutcome(5), RunOutcome(2))).rest(whole, "c") is None
