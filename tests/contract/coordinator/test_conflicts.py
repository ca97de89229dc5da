"""PostgreSQL says "again", or dies: the same facts come to the same books (F25, F28), and a copy that lags is a restored one (F27)."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coordinator.db.engine import ATTEMPTS, Database, again, is_conflict
from coordinator.handlers.ingest import Arrival, Taken
from tests.contract.coordinator.chain import Chain
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres

STUMBLE = """
CREATE SEQUENCE stumbles;
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- a sequence is not undone with its transaction, so it counts the attempts
  IF nextval('stumbles') <= {times} THEN RAISE EXCEPTION 'met another' USING ERRCODE = '{state}'; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER stumble AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stumble();
"""


@pytest.fixture
def chain(postgres: Postgres) -> Iterator[Chain]:
    with postgres.lent("conflicts") as url:
        made = Chain(url)
        yield made
        made.close()


def stumbling(chain: Chain, table: str, state: str, times: int) -> None:
    """Let the first transactions that write ``table`` fail as PostgreSQL itself would say it."""
    with chain.database.engine.begin() as connection:
        connection.execute(text(STUMBLE.format(table=table, state=state, times=times)))


def attempts(chain: Chain) -> int:
    return int(chain.one("SELECT last_value FROM stumbles"))


def books(chain: Chain) -> list[object]:
    tables = ("sale", "sale_line", "posting", "event", "quarantine", "incident")
    counts: list[object] = [chain.one(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - our own names
    return [*counts, chain.one("SELECT sum(amount_minor) FROM posting"), chain.rows("SELECT edge, next FROM stream")]


@pytest.mark.parametrize(("table", "state"), [("sale", "40001"), ("stock", "40P01")])
def test_f28_a_transaction_that_met_another_is_done_again_with_the_same_result(
    chain: Chain, table: str, state: str
) -> None:
    stumbling(chain, table, state, 2)
    batch = chain.edges["S1"].state(chain.edges["S1"].sale(), chain.edges["S1"].sale(total_minor=1))
    [taken] = again(lambda: chain.take(Arrival("S1", 0, batch)))
    assert attempts(chain) >= 3
    assert (taken.sales, taken.quarantined) == (1, 1)
    assert taken.ack is not None
    assert taken.ack.next == 3
    assert books(chain)[0] == 1
    assert books(chain)[-2:] == [0, [("S1", 3)]]


def test_f28_who_meets_others_for_ever_gives_up_and_keeps_nothing(chain: Chain) -> None:
    before = books(chain)
    stumbling(chain, "sale", "40001", 10**6)
    batch = chain.edges["S1"].state(chain.edges["S1"].sale())
    with pytest.raises(DBAPIError) as failed:
        again(lambda: chain.take(Arrival("S1", 0, batch)))
    assert is_conflict(failed.value)
    assert attempts(chain) == ATTEMPTS
    assert books(chain) == before


def test_f28_any_other_error_is_not_tried_again(chain: Chain) -> None:
    stumbling(chain, "sale", "57014", 10**6)
    with pytest.raises(DBAPIError):
        again(lambda: chain.send("S1", chain.edges["S1"].sale()))
    assert attempts(chain) == 1


def in_threads(*works: Callable[[], object]) -> list[BaseException]:
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


def locking(
    database: Database, order: tuple[str, str], gate: threading.Barrier, tries: list[str]
) -> Callable[[], None]:
    """Return a transaction that locks two streams in this order; the first time both sides wait at the gate in between."""

    def work() -> None:
        tries.append(order[0])
        with database.engine.begin() as connection:
            for number, edge in enumerate(order):
                connection.execute(text("SELECT 1 FROM stream WHERE edge = :edge FOR UPDATE"), {"edge": edge})
                if number == 0 and tries.count(order[0]) == 1:
                    gate.wait(10)

    return work


def test_f28_a_real_deadlock_is_broken_and_both_get_through(chain: Chain) -> None:
    chain.send("S1", chain.edges["S1"].sale())
    chain.send("S2", chain.edges["S2"].sale())
    gate, tries = threading.Barrier(2), list[str]()
    one = locking(chain.database, ("S1", "S2"), gate, tries)
    two = locking(chain.database, ("S2", "S1"), gate, tries)
    assert in_threads(lambda: again(one), lambda: again(two)) == []
    assert len(tries) == 3, "PostgreSQL ended one of them, which came again"


def test_f28_two_workers_with_the_same_stores_never_wait_in_a_circle(chain: Chain) -> None:
    arrivals = [
        [Arrival(name, 0, chain.edges[name].state(chain.edges[name].sale())) for name in ("S1", "S2")]
        for _ in range(15)
    ]
    taken: list[Taken] = []

    def work(turn: int) -> None:
        for pair in arrivals:
            taken.extend(chain.take(*(pair if turn else reversed(pair))))

    assert in_threads(lambda: work(0), lambda: work(1)) == []
    assert chain.one("SELECT count(*) FROM sale") == 30
    assert sum(each.sales for each in taken) == 30, "each sale was booked by one of them"


def test_f25_the_database_server_is_killed_and_nothing_is_lost_or_doubled(postgres: Postgres) -> None:
    chain = Chain(postgres.database("killed"))
    try:
        chain.send("S1", chain.edges["S1"].sale())
        batch = chain.edges["S1"].state(chain.edges["S1"].sale())
        postgres.kill()
        with pytest.raises(DBAPIError):
            chain.take(Arrival("S1", 0, batch))
        postgres.start()
        [taken] = chain.take(Arrival("S1", 0, batch))
        assert (taken.sales, taken.duplicates) == (1, 0)
        assert chain.take(Arrival("S1", 0, batch))[0].duplicates == 1
        assert chain.one("SELECT count(*) FROM sale") == 2
    finally:
        chain.close()


def test_f27_a_replica_that_lags_asks_for_what_it_lacks_and_gets_it_once(postgres: Postgres) -> None:
    """The fail-over to a copy that lacks the last commits: its acks step back, the store sends its tail again."""
    chain = Chain(postgres.database("ahead"))
    lagging = Chain(postgres.database("lagging"))
    try:
        edge, sales = chain.edges["S1"], [chain.edges["S1"].sale() for _ in range(4)]
        first, second = edge.state(*sales[:2]), edge.state(*sales[2:])
        for database in (chain, lagging):
            database.take(Arrival("S1", 0, first))
        ahead = chain.take(Arrival("S1", 0, second))[0].ack
        assert ahead is not None
        assert ahead.next == 5
        [answer] = lagging.take(Arrival("S1", 0, edge.hello(acked=4)))
        assert answer.ack is not None
        assert (answer.ack.next, answer.ack.fork, answer.ack.hello) == (3, "", 1), (
            "step back, no fork: answers the greeting"
        )
        assert lagging.take(Arrival("S1", 0, edge.batch(1, 4)))[0].sales == 2
        assert books(lagging) == books(chain)
    finally:
        chain.close()
        lagging.close()
