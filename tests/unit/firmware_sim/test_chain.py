"""Children are ours: they start, answer, are killed and come back, and a basket is answered once however often it is told."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.host import Answer, EdgeHost, as_line
from firmware_sim.chain.usage import UsageWatch, children_of, cpu_seconds, resident_bytes

FAKE = Path(__file__).parent / "fake_host.py"


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def test_a_child_answers_in_lines_and_ends_when_asked(tmp_path: Path) -> None:
    echo = "import sys\nprint('not json')\nfor l in sys.stdin: print('{\"said\":' + l.strip() + '}', flush=True)"
    child = Child("echo", _python(echo), tmp_path)
    await child.start()
    await child.tell(b"5")
    assert await child.hear(10) == {"said": 5}
    await child.stop()
    assert child.pid is None


async def test_a_silent_child_is_a_failure_that_shows_its_log(tmp_path: Path) -> None:
    silent = "import sys, time\nsys.stderr.write('waiting for a sign\\n'); sys.stderr.flush(); time.sleep(60)"
    child = Child("mute", _python(silent), tmp_path)
    await child.start()
    with pytest.raises(ChildFailed, match="mute said nothing for 1 s") as failure:
        await child.hear_ready(1)
    assert str(child.log) in str(failure.value)
    child.kill()
    assert await child.ended() == -9


async def test_a_child_that_ends_early_is_a_failure(tmp_path: Path) -> None:
    child = Child("early", _python("raise SystemExit('no such broker')"), tmp_path)
    await child.start()
    with pytest.raises(ChildFailed, match=r"ended with code 1 before it was ready.*\n.*no such broker"):
        await child.hear_ready(20)


async def test_watching_tells_an_accident_from_a_kill(tmp_path: Path) -> None:
    child = Child("watched", _python("import sys; sys.stdin.read(1)"), tmp_path)
    await child.start()
    watching = asyncio.create_task(child.watch())
    child.kill()
    await child.ended()
    await child.start()
    assert not watching.done()
    await child.tell(b"x")  # it reads one byte and goes, which nobody meant
    with pytest.raises(ChildFailed, match="watched ended by itself with code 0"):
        await asyncio.wait_for(watching, 20)


class _Hosts:
    """One fake host with its answers counted."""

    def __init__(self, folder: Path) -> None:
        self.answers: Counter[str] = Counter()
        self.host = EdgeHost("edges-1", ["S1", "S2"], folder, folder / "logs", self._hear)
        command = [sys.executable, str(FAKE), str(folder / "sold"), "S1,S2"]
        self.host._arguments = self.host.child.arguments = command
        self.sold = folder / "sold"

    def _hear(self, answer: Answer) -> None:
        self.answers[answer["source_ref"]] += 1

    async def sell(self, ref: str) -> None:
        await self.host.sell(ref, as_line({"edge": "S1", "basket": {"source_ref": ref}}))


async def test_every_basket_is_answered_once_through_kills(tmp_path: Path) -> None:
    fake = _Hosts(tmp_path)
    await fake.host.start()
    running = asyncio.create_task(fake.host.run())
    for number in range(300):
        await fake.sell(str(number))
        if number in (50, 150, 151, 290):
            await fake.host.up()
            fake.host.kill()
    await asyncio.wait_for(fake.host.idle(), 30)
    assert fake.answers == Counter(map(str, range(300)))
    assert sorted(map(int, fake.sold.read_text().split())) == list(range(300))
    assert (await fake.host.status())["S2"] == {"top": 300, "acked": 300}
    assert fake.host.kills == 4
    await fake.host.stop()
    await asyncio.wait_for(running, 20)


async def test_a_host_that_ends_by_itself_is_a_failure(tmp_path: Path) -> None:
    fake = _Hosts(tmp_path)
    await fake.host.start()
    running = asyncio.create_task(fake.host.run())
    await fake.sell("broken")
    with pytest.raises(ChildFailed, match="ended by itself with 1 baskets unanswered"):
        await asyncio.wait_for(running, 20)


async def test_what_a_process_uses_is_seen(tmp_path: Path) -> None:
    child = Child("big", _python("x = bytearray(60_000_000); print('{}', flush=True); input()"), tmp_path)
    await child.start()
    await child.hear_ready(20)
    assert child.pid is not None
    assert resident_bytes(child.pid) > 60_000_000
    assert cpu_seconds(child.pid) >= 0
    watch = UsageWatch(lambda: {"big": child.pid, "gone": None})
    watch.sample(0.0)
    (usage,) = watch.report()
    assert usage.slope_mb_min is None, "too short a life to tell"
    for moment in (60.0, 120.0, 180.0):
        watch.sample(moment)
    (usage,) = watch.report()
    assert (usage.name, usage.slope_mb_min) == ("big", 0.0)
    assert usage.peak_mb > 60
    assert child.pid in [pid for pid, _ in children_of(os.getpid())]
    child.kill()
    await child.ended()
    assert resident_bytes(child.pid or 0) == 0 or child.pid is None
