"""Idempotency keys in the database: of two that come at once one is first, and one that was cut off stays visible (F58)."""

import threading

from coordinator.rows import RequestRow
from tests.contract.coordinator.chain import Chain

FIRST = RequestRow("ann", "k", "f", 0, b"", "2026-11-21T12:00:00.000Z")


def reserve(chain: Chain, row: RequestRow = FIRST) -> bool:
    with chain.uow() as uow:
        taken = uow.records.reserve_request(row)
        uow.commit()
    return taken


def kept(chain: Chain) -> RequestRow | None:
    with chain.uow() as uow:
        return uow.records.request("ann", "k")


def test_a_key_is_taken_once_and_again_when_it_was_given_back(chain: Chain) -> None:
    assert [reserve(chain), reserve(chain), reserve(chain, FIRST._replace(actor="bob"))] == [True, False, True]
    with chain.uow() as uow:
        uow.records.free_request("ann", "k")
        uow.commit()
    assert kept(chain) is None
    assert reserve(chain)


def test_the_answer_is_kept_with_the_key(chain: Chain) -> None:
    reserve(chain)
    assert kept(chain) == FIRST
    done = FIRST._replace(status=201, body=b"{}")
    with chain.uow() as uow:
        uow.records.finish_request(done)
        uow.commit()
    assert kept(chain) == done
    assert not reserve(chain)


def test_of_many_that_come_at_once_one_is_first(chain: Chain) -> None:
    gate, won = threading.Barrier(4), list[bool]()

    def come() -> None:
        gate.wait(10)
        won.append(reserve(chain))

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won) == [False, False, False, True]
