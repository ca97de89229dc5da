"""What headquarters knows of the demo's stores, asked over its HTTP interface, and how it compares with the tills."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from firmware_sim.chain.api import Api

_PAGE = 1000


@dataclass
class Known:
    """What headquarters knows of one edge: the ids of its sales, and what they come to in cents."""

    sales: list[str] = field(default_factory=list)
    total_minor: int = 0


class Books:
    """Headquarters' sales; each look fetches only what was booked since the last one."""

    def __init__(self, api: Api) -> None:
        """Ask ``api``; blocking, from any thread."""
        self._api = api
        self._one_at_a_time = threading.Lock()
        self._after = 0
        self._known: dict[str, Known] = {}

    def known(self) -> dict[str, Known]:
        """Return what headquarters knows now, by edge."""
        with self._one_at_a_time:
            while self._look():
                pass
            return {edge: Known(list(known.sales), known.total_minor) for edge, known in self._known.items()}

    def _look(self) -> bool:
        """Take one page in; return whether there may be more."""
        page = self._api.get("/v1/sales", after=self._after, limit=_PAGE)
        for sale in page["items"]:
            known = self._known.setdefault(sale["edge"], Known())
            known.sales.append(sale["sale_id"])
            known.total_minor += sale["total_minor"]
            self._after = sale["sale_no"]
        return page["next"] is not None


def compare(tills: Iterable[str], known: Iterable[Known]) -> tuple[int, int]:
    """Return how many of the tills' sales headquarters lacks, and how many it has more than once or nobody made.

    >>> compare(["a", "b"], [Known(["b", "b", "x"])])
    (1, 2)
    """
    made, booked = Counter(tills), Counter(sale for each in known for sale in each.sales)
    return (made - booked).total(), (booked - made).total()
