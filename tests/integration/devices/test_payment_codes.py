"""Every awkward answer of a payment provider (device reference §7.1), over real HTTP: nothing is paid twice, and no silence is a no."""

import asyncio
import datetime as dt
import itertools
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.payment_code.driver import PaymentCodes, PaymentOptions
from devices.payment_code.signing import Key, signed
from devices.ports import Health
from devices.ports.payment import (
    Attempt,
    BillLine,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    Refunded,
    RefundPending,
    Unknown,
)
from domain.scan import PaymentCode, classify
from firmware_sim.payment import PaymentSim
from tests.waiting import HANG_S, until

SECRET = b"a secret of both sides"
NUMBERS = itertools.count(1)
CHANNELS = {"wechat": "13{:016d}", "alipay": "28{:015d}", "unionpay": "62{:017d}", "ecny": "01{:017d}"}


def attempt(channel: str = "wechat", amount_minor: int = 1250) -> Attempt:
    number = next(NUMBERS)
    code = classify(CHANNELS[channel].format(number), None, "tendering")
    assert isinstance(code, PaymentCode)
    assert code.channel == channel
    return Attempt(f"S1-{number}", amount_minor, subject="茶 tea", code=code)


@pytest.fixture
async def provider() -> AsyncIterator[PaymentSim]:
    async with PaymentSim(merchant="shop", secret=SECRET) as sim:
        yield sim


@pytest.fixture
def codes(provider: PaymentSim, tmp_path: Path) -> PaymentCodes:
    return channel_to(provider.address, tmp_path)


def channel_to(address: str, folder: Path, secret: bytes = SECRET, merchant: str = "shop") -> PaymentCodes:
    (folder / "secret").write_bytes(secret)
    options = PaymentOptions(merchant, str(folder / "secret"), watch_s=0.1)
    return PaymentCodes("payments", address, options, backoff=Backoff(0.02, 0.05))


@asynccontextmanager
async def running(codes: PaymentCodes) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(codes.run())
        yield
        run.cancel()


async def settled(codes: PaymentCodes, tried: Attempt, questions: int = 8) -> Outcome:
    """Ask until there is an answer; a machine would wait between two questions."""
    outcome = await codes.query(tried)
    for _ in range(questions):
        if not isinstance(outcome, NeedsPassword | Unknown):
            return outcome
        outcome = await codes.query(tried)
    raise AssertionError(f"still {outcome} after {questions} questions")


@pytest.mark.req(155)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_r155_every_channel_pays_by_code(provider: PaymentSim, codes: PaymentCodes, channel: str) -> None:
    paid = await codes.pay(attempt(channel))
    assert isinstance(paid, Paid)
    assert (paid.channel, paid.amount_minor) == (channel, 1250)
    assert "*" in paid.payer
    assert provider.shows()["paid_minor"] == 1250


@pytest.mark.req(154)
async def test_r154_a_face_pays_and_when_its_provider_is_away_another_channel_may_at_once(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    face = classify("fp" + "0Ab" * 11, None, "tendering")
    assert isinstance(face, PaymentCode)
    paid = await codes.pay(Attempt("S1-face", 100, code=face))
    assert isinstance(paid, Paid)
    assert paid.channel == "alipay"
    provider.unplug()
    away = await codes.pay(Attempt("S1-face-2", 100, code=face), within_s=1)
    assert away == Unknown("not_reached", sent=False)  # nothing was booked: cash, a card, or another code


@pytest.mark.parametrize("channel", ["wechat", "alipay"])
@pytest.mark.parametrize("polls", [0, 1, 3])
async def test_userpaying_is_asked_for_until_the_password_is_in(
    provider: PaymentSim, codes: PaymentCodes, channel: str, polls: int
) -> None:
    provider.handle({"next": "password", "polls": polls})
    tried = attempt(channel)
    assert isinstance(await codes.pay(tried), NeedsPassword)
    for _ in range(polls):
        assert isinstance(await codes.query(tried), NeedsPassword)
    assert isinstance(await codes.query(tried), Paid)


async def test_a_shopper_may_refuse_and_a_shopper_may_take_his_time(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"answer": "password_never"})
    first, second = attempt(), attempt("alipay")
    for tried, does, kind in ((first, "refuses", Failed), (second, "pays", Paid)):
        assert isinstance(await codes.pay(tried), NeedsPassword)
        provider.handle({"shopper": does})
        assert isinstance(await codes.query(tried), kind)


@pytest.mark.parametrize("channel", ["wechat", "alipay"])
async def test_systemerror_is_no_failure_the_money_is_there(
    provider: PaymentSim, codes: PaymentCodes, channel: str
) -> None:
    provider.handle({"next": "system_error"})
    tried = attempt(channel)
    assert await codes.pay(tried) == Unknown("system_error")
    # Alipay may say meanwhile that it knows of no such trade: that is no answer either.
    assert await codes.query(tried) == Unknown("not_found" if channel == "alipay" else "system_error")
    assert isinstance(await settled(codes, tried), Paid)
    assert provider.shows()["paid_minor"] == 1250


@pytest.mark.parametrize("channel", ["wechat", "alipay"])
async def test_systemerror_that_booked_nothing_is_paid_by_asking_for_the_same_again(
    provider: PaymentSim, codes: PaymentCodes, channel: str
) -> None:
    provider.handle({"next": "system_error_unpaid"})
    tried = attempt(channel)
    assert await codes.pay(tried) == Unknown("system_error")
    assert await codes.query(tried) == Unknown("not_found")
    assert isinstance(await codes.pay(tried), Paid)
    assert provider.shows()["paid_minor"] == 1250


@pytest.mark.parametrize("fault", ["half", "garbage"])
async def test_an_answer_that_breaks_off_is_unknown(provider: PaymentSim, codes: PaymentCodes, fault: str) -> None:
    provider.handle({"fault": fault})
    tried = attempt()
    broken = await codes.pay(tried)
    assert isinstance(broken, Unknown)
    assert broken.sent
    assert isinstance(await codes.query(tried), Paid)


async def test_a_provider_that_takes_its_time_is_unknown_at_the_deadline_and_the_same_number_charges_once(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    provider.handle({"latency_s": 5})
    tried = attempt()
    assert await codes.pay(tried, within_s=0.2) == Unknown("timeout")
    provider.handle({"latency_s": 0})
    assert isinstance(await codes.pay(tried), Paid)
    assert provider.shows()["paid_minor"] == 1250


async def test_a_frozen_provider_holds_nobody_longer_than_the_deadline(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    provider.handle({"fault": "freeze"})
    tried = [attempt() for _ in range(6)]  # more than there are threads
    outcomes = await asyncio.gather(*(codes.pay(each, within_s=0.3) for each in tried))
    assert {type(outcome) for outcome in outcomes} == {Unknown}
    provider.handle({"fault": "thaw"})
    for each in tried:
        assert isinstance(await codes.pay(each), Paid)
    assert provider.shows()["paid_minor"] == 6 * 1250


async def test_another_amount_than_asked_for_is_never_paid(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"next": "wrong_amount"})
    tried = attempt()
    assert await codes.pay(tried) == Unknown("amount_differs")
    assert await codes.query(tried) == Unknown("amount_differs")
    assert await codes.reverse(tried) == Closed(refunded=True)


async def test_an_answer_that_is_not_the_providers_is_not_believed(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"next": "bad_signature"})
    tried = attempt()
    assert await codes.pay(tried) == Unknown("bad_signature")
    assert codes.counts["bad_signature"] == 1
    assert isinstance(await codes.query(tried), Paid)


async def test_notifications_come_before_the_answer_and_twice_and_say_the_same(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    for choice, times in (("notify_first", 1), ("notify_twice", 2)):
        provider.handle({"next": choice})
        provider.notices.clear()
        tried = attempt()
        paid = await codes.pay(tried)
        heard = [codes.heard(each["nonce"], each["signature"], each["body"].encode()) for each in provider.notices]
        assert len(heard) == times
        for notice in heard:
            assert notice is not None
            assert (notice.order_no, notice.outcome) == (tried.order_no, paid)


async def test_notifications_are_posted_to_whoever_wants_them(tmp_path: Path) -> None:
    posted: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        posted.put_nowait(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 204 -\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/paid"
    async with PaymentSim(merchant="shop", secret=SECRET, notify_url=url) as provider:
        provider.handle({"next": "notify_first"})
        codes, tried = channel_to(provider.address, tmp_path), attempt()
        paid = await codes.pay(tried)
        async with asyncio.timeout(HANG_S):
            head, _, body = (await posted.get()).partition(b"\r\n\r\n")
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        notice = codes.heard(lines[b"Pay-Nonce"].decode(), lines[b"Pay-Signature"].decode(), body)
        assert notice is not None
        assert (notice.order_no, notice.outcome) == (tried.order_no, paid)
    server.close()
    await server.wait_closed()


async def test_a_notification_that_is_forged_or_changed_is_not_heard(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"next": "notify_first"})
    await codes.pay(attempt(amount_minor=100))
    [notice] = provider.notices
    body = notice["body"].replace('"amount_minor": 100', '"amount_minor": 999').encode()
    assert body != notice["body"].encode()
    assert codes.heard(notice["nonce"], notice["signature"], body) is None
    assert codes.heard("0" * 32, notice["signature"], notice["body"].encode()) is None
    assert codes.counts["bad_signature"] == 2


async def test_paid_in_the_moment_of_the_reverse_is_refunded_and_stays_closed(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    provider.handle({"next": "paid_after_reverse"})
    tried = attempt()
    assert isinstance(await codes.pay(tried), NeedsPassword)
    assert await codes.reverse(tried) == Closed(refunded=True)
    notice = provider.notices[-1]
    late = codes.heard(notice["nonce"], notice["signature"], notice["body"].encode())
    assert late is not None
    assert isinstance(late.outcome, Paid)  # true once, and too late: whoever takes it looks at what the attempt became
    assert await codes.query(tried) == Closed(refunded=True)
    assert provider.shows()["paid_minor"] == 0


async def test_recall_is_repeated_until_the_reverse_is_certain(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"next": "recall"})
    tried = attempt()
    assert isinstance(await codes.pay(tried), NeedsPassword)
    assert [await codes.reverse(tried) for _ in range(3)] == [Unknown("recall"), Unknown("recall"), Closed()]
    assert await codes.query(tried) == Closed()


async def test_a_code_pays_once_and_a_number_is_one_attempt(provider: PaymentSim, codes: PaymentCodes) -> None:
    tried = attempt()
    assert isinstance(await codes.pay(tried), Paid)
    again = await codes.pay(Attempt("S1-other", 1250, code=tried.code))
    assert isinstance(again, Failed)
    assert again.reason == "code_invalid"
    assert await codes.pay(Attempt(tried.order_no, 1, code=tried.code)) == Unknown("number_used")
    assert provider.shows()["paid_minor"] == 1250


async def test_clocks_that_differ_are_named_and_nothing_is_booked(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"clock_skew_s": 900})
    tried = attempt()
    assert await codes.pay(tried) == Unknown("clock_skew", sent=False)
    async with running(codes):
        await until(lambda: "clocks differ by more than 5 minutes" in codes.state.reason)
        assert codes.state.health is Health.FAILED
        provider.handle({"clock_skew_s": 0})
        await until(lambda: codes.state.health is Health.OK)
    assert isinstance(await codes.pay(tried), Paid)


async def test_a_request_that_is_played_again_is_turned_away(provider: PaymentSim, codes: PaymentCodes) -> None:
    body = b'{"order_no":"S1-1"}'
    now = int(dt.datetime.now(dt.UTC).timestamp())
    headers = signed(Key("shop", SECRET), "/v1/query", body, now, "ab" * 16)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    statuses = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
        writer.write(f"POST /v1/query HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        statuses.append((await reader.read()).split(b" ", 2)[1])
        writer.close()
        await writer.wait_closed()
    assert statuses == [b"200", b"409"]


async def test_a_refund_may_take_its_time_and_is_done_once(provider: PaymentSim, codes: PaymentCodes) -> None:
    provider.handle({"refund_polls": 2})
    tried = attempt()
    assert isinstance(await codes.pay(tried), Paid)
    refund = Refund("R-1", tried.order_no, 300, 1250)
    outcomes = [await codes.refund(refund) for _ in range(4)]
    assert [type(each) for each in outcomes] == [RefundPending, RefundPending, Refunded, Refunded]
    assert provider.shows()["paid_minor"] == 950


async def test_the_bill_of_a_day_is_our_bookings_both_ways(provider: PaymentSim, codes: PaymentCodes) -> None:
    kept, returned, failed = attempt(amount_minor=700), attempt("alipay", 500), attempt()
    assert isinstance(await codes.pay(kept), Paid)
    assert isinstance(await codes.pay(returned), Paid)
    await codes.refund(Refund("R-2", returned.order_no, 200, 500))
    provider.handle({"next": "not_enough"})
    assert isinstance(await codes.pay(failed), Failed)
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    lines = await codes.bill(today)
    assert all(isinstance(line, BillLine) and line.booked_at.tzinfo is dt.UTC for line in lines)
    assert {(line.order_no, line.refund_no, line.amount_minor) for line in lines} == {
        (kept.order_no, "", 700),
        (returned.order_no, "", 500),
        (returned.order_no, "R-2", 200),
    }
    assert await codes.bill(today - dt.timedelta(days=1)) == []
    provider.unplug()
    with pytest.raises(DeviceUnavailable, match="not_reached"):
        await codes.bill(today, within_s=1)


@pytest.mark.parametrize(("secret", "merchant"), [(b"another secret of 16", "shop"), (SECRET, "stranger")])
async def test_a_wrong_secret_or_name_is_told_to_a_person(
    provider: PaymentSim, tmp_path: Path, secret: bytes, merchant: str
) -> None:
    codes = channel_to(provider.address, tmp_path, secret, merchant)
    async with running(codes):
        await until(lambda: codes.state.health is Health.FAILED)
        assert "merchant, secret" in codes.state.reason or "SIGNERROR" in codes.state.reason
    assert isinstance(await codes.pay(attempt()), Unknown)


async def test_an_outage_is_told_and_logged_once_and_no_log_holds_a_code_or_the_secret(
    provider: PaymentSim, codes: PaymentCodes
) -> None:
    tried = attempt()
    assert tried.code is not None
    with structlog.testing.capture_logs() as logs:
        async with running(codes):
            await until(lambda: codes.state.health is Health.OK)
            provider.unplug()
            await until(lambda: codes.state.health is Health.ABSENT)
            await until(lambda: codes.counts["/v1/ping"] > 5)
            assert isinstance(await codes.pay(tried, within_s=1), Unknown)
            provider.replug()
            await until(lambda: codes.state.health is Health.OK)
            await codes.pay(tried)
    events = [log["event"] for log in logs]
    assert events.count("device_lost") == events.count("device_recovered") == 1
    assert tried.code.code not in str(logs)
    assert SECRET.decode() not in str(logs)
    assert tried.code.code not in json.dumps(provider.shows())


async def test_a_line_that_swallows_everything_is_cut_at_the_deadline_and_leaks_no_file(tmp_path: Path) -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()  # the kernel takes calls, and nobody ever speaks
        codes = channel_to(f"http://127.0.0.1:{door.getsockname()[1]}", tmp_path)
        assert await codes.pay(attempt(), within_s=0.2) == Unknown("timeout")
        files = open_files()
        for _ in range(5):
            assert await codes.pay(attempt(), within_s=0.05) == Unknown("timeout")
        await until(lambda: open_files() <= files)


async def test_the_child_process_answers_as_it_is_told() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim.payment", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert json.loads(await child.stdout.readline())["address"].startswith("http://127.0.0.1:")
            child.stdin.write(b'{"answer": "recall"}\n{"answer": "nonsense"}\n')
            assert json.loads(await child.stdout.readline())["answer"] == "recall"
            assert "unknown command" in json.loads(await child.stdout.readline())["error"]
    finally:
        child.terminate()
        assert await child.wait() == 0


async def test_a_name_server_that_does_not_answer_takes_one_thread_and_no_payment(
    provider: PaymentSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = channel_to(provider.address.replace("127.0.0.1", "localhost"), tmp_path)
    go, held = threading.Event(), threading.Semaphore(0)
    really = socket.getaddrinfo

    def hanging(*args: Any, **options: Any) -> Any:
        if args[0] == "localhost":
            held.release()
            assert go.wait(20)
        return really(*args, **options)

    monkeypatch.setattr("socket.getaddrinfo", hanging)
    tried = attempt()
    for _ in range(6):
        assert await codes.pay(tried, within_s=0.05) == Unknown("timeout", sent=False)
    assert held.acquire(timeout=1)
    assert not held.acquire(blocking=False)
    go.set()
    async with asyncio.timeout(HANG_S):
        while not isinstance(await codes.pay(tried), Paid):
            pass
