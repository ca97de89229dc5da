"""Headquarters' log at the edge: in order, once, or a snapshot."""

import pytest

from protocol.downlink import Apply, AskAgain, Step, TakeSnapshot, UpToDate, decide
from protocol.messages import Down, DownEntry, DownlinkPosition, SnapshotRef

AT = DownlinkPosition(gen=3, cursor=10)
SNAPSHOT = SnapshotRef("/v1/snapshots/7", 20, "ab" * 32)


def entries(*seqs: int) -> tuple[DownEntry, ...]:
    return tuple(DownEntry(seq, "prices", seq) for seq in seqs)


@pytest.mark.parametrize(
    ("down", "step"),
    [
        (Down(1, 3, 12, entries(11, 12)), Apply(entries(11, 12), DownlinkPosition(3, 12), behind=False)),
        (Down(1, 3, 15, entries(11, 12)), Apply(entries(11, 12), DownlinkPosition(3, 12), behind=True)),
        (Down(1, 3, 12, entries(9, 10, 11, 12)), Apply(entries(11, 12), DownlinkPosition(3, 12), behind=False)),
        (Down(1, 3, 14, entries(11, 13, 14)), Apply(entries(11), DownlinkPosition(3, 11), behind=True)),
        (Down(1, 3, 12, entries(12, 11, 11)), Apply(entries(11, 12), DownlinkPosition(3, 12), behind=False)),
        (Down(1, 3, 10, entries(9, 10)), UpToDate()),
        (Down(1, 3, 10), UpToDate()),
        (Down(1, 3, 9), UpToDate()),
        (Down(1, 3, 20, snapshot=SNAPSHOT), TakeSnapshot(SNAPSHOT, DownlinkPosition(3, 20))),
        (Down(1, 4, 20, snapshot=SNAPSHOT), TakeSnapshot(SNAPSHOT, DownlinkPosition(4, 20))),
        (Down(1, 4, 20, entries(11), snapshot=SNAPSHOT), TakeSnapshot(SNAPSHOT, DownlinkPosition(4, 20))),
        (Down(1, 3, 10, snapshot=SnapshotRef("/old", 5, "ab" * 32)), UpToDate()),
        (
            Down(1, 3, 5, snapshot=SnapshotRef("/5", 5, "ab" * 32)),
            TakeSnapshot(SnapshotRef("/5", 5, "ab" * 32), DownlinkPosition(3, 5)),
        ),
        (Down(1, 2, 99, entries(11), snapshot=SNAPSHOT), UpToDate()),
    ],
)
def test_what_to_do(down: Down, step: Step) -> None:
    assert decide(AT, down) == step


@pytest.mark.parametrize(
    "down", [Down(1, 3, 11), Down(1, 3, 14, entries(12, 13, 14)), Down(1, 4, 5, entries(1, 2)), Down(1, 4, 0)]
)
def test_what_is_missing_is_asked_for(down: Down) -> None:
    assert isinstance(decide(AT, down), AskAgain)
