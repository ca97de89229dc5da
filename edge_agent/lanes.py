"""One lane at the rim: what scanners and the control socket ask for becomes handlers in the writer thread."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from devices.ports import Scan
from domain.basket import Basket, amounts, open_lines
from domain.errors import DomainError
from domain.ids import LaneId, MemberNo, SaleId
from domain.sale import Sale, TenderKind
from edge_agent.clock import SystemClock, fresh_id
from edge_agent.counter import Counter
from edge_agent.errors import DiskFull, ReserveReached
from edge_agent.handlers.baskets import GivenBasket, sell_basket
from edge_agent.handlers.commands import (
    CheckOut,
    CloseDay,
    Identify,
    MoveStock,
    Reprint,
    Resume,
    ReturnLines,
    Step,
    VoidLine,
    VoidSale,
)
from edge_agent.handlers.day import close_day
from edge_agent.handlers.give_back import return_lines, void_sale
from edge_agent.handlers.lane import ScanCode, Scanned, scan
from edge_agent.handlers.lines import is_article
from edge_agent.handlers.printing import Resumed, last_sale, reprint, resume
from edge_agent.handlers.sell import check_out, identify, step, void_line
from edge_agent.handlers.stock import move_stock
from edge_agent.receipts import receipt_id
from protocol.errors import ProtocolError
from protocol.facts import StockChange

Ask = dict[str, Any]
Answer = dict[str, Any]

_log = structlog.get_logger(__name__)


class Lane:
    """Scans and words of one point of sale, one after the other."""

    def __init__(self, lane: LaneId, counter: Counter, clock: SystemClock) -> None:
        self.lane, self._counter, self._clock = lane, counter, clock
        self.words: dict[str, Callable[[Ask], Awaitable[Answer]]] = {
            "scan": self._scan,
            "void": self._void,
            "member": self._member,
            "step": self._step,
            "pay": self._pay,
            "sell": self._sell,
            "basket": self._basket,
            "last": self._last,
            "reprint": self._reprint,
            "void_sale": self._void_sale,
            "return": self._return,
            "stock": self._stock,
            "close_day": self._close_day,
        }

    async def scanned(self, read: Scan) -> bool:
        """Take what a scanner read and tell whether it could be taken; what cannot is logged, never raised: the next scan comes."""
        try:
            await self._take(read.data, read.symbology)
        except (DomainError, ProtocolError, DiskFull, ReserveReached) as error:
            # Never the code itself: it may be a payment code.
            _log.warning("scan_refused", lane=self.lane, error=type(error).__name__)
            return False
        return True

    async def knows(self, code: str) -> bool:
        """Tell whether a text that a camera may have read names an article of the store."""
        return await self._counter.ask(lambda uow, _: is_article(code, uow))

    async def resumed(self) -> Resumed:
        """Return where the lane stands."""
        return await self._counter.ask(lambda uow, _: resume(Resume(self.lane), uow))

    async def _take(self, code: str, aim: str | None, quantity_milli: int = 1000, request_id: str = "") -> Scanned:
        cmd = ScanCode(self.lane, self._new_id(), code, aim, quantity_milli, request_id)
        return await self._counter.do(lambda uow, clock: scan(cmd, uow, clock))

    async def _scan(self, ask: Ask) -> Answer:
        quantity, request_id = _whole(ask.get("quantity_milli", 1000)), str(ask.get("request_id", ""))
        found = await self._take(str(ask["code"]), ask.get("aim"), quantity, request_id)
        return sold(found.sale) if found.sale else shown(found.basket)

    async def _void(self, ask: Ask) -> Answer:
        cmd = VoidLine(self.lane, _whole(ask["no"]))
        return shown(await self._counter.do(lambda uow, _: void_line(cmd, uow)))

    async def _member(self, ask: Ask) -> Answer:
        cmd = Identify(self.lane, MemberNo(str(ask["member"])) if ask.get("member") else None)
        return shown(await self._counter.do(lambda uow, _: identify(cmd, uow)))

    async def _step(self, ask: Ask) -> Answer:
        cmd = msgspec.convert({"lane": self.lane, "step": ask["step"]}, Step)
        return shown(await self._counter.do(lambda uow, _: step(cmd, uow)))

    async def _pay(self, ask: Ask) -> Answer:
        kind, amount = ask.get("kind", "cash"), ask.get("amount_minor")
        wish = {"exact": kind} if amount is None else {"tenders": [{"kind": kind, "amount_minor": amount}]}
        cmd = msgspec.convert(
            {"lane": self.lane, "sale_id": self._new_id(), "request_id": ask.get("request_id", ""), **wish}, CheckOut
        )
        return sold(await self._counter.do(lambda uow, clock: check_out(cmd, uow, clock)))

    async def _sell(self, ask: Ask) -> Answer:
        """Sell a whole basket of another system, as ``edge host`` does; told again, it answers with the first sale."""
        given, sale_id = msgspec.convert(ask["basket"], GivenBasket), self._new_id()
        return sold(await self._counter.do(lambda uow, clock: sell_basket(given, self.lane, sale_id, uow, clock)))

    async def _basket(self, _: Ask) -> Answer:
        stands = await self.resumed()
        return {
            **shown(stands.basket),
            "unprinted": sold(stands.unprinted) if stands.unprinted else None,
            "print": stands.job.state if stands.job else None,
        }

    async def _last(self, _: Ask) -> Answer:
        last = await self._counter.ask(lambda uow, _: last_sale(self.lane, uow))
        return {**sold(last.sale), "print": last.job.state if last.job else None}

    async def _reprint(self, ask: Ask) -> Answer:
        sale_id = ask.get("sale_id") or (await self._last(ask))["sale_id"]
        job = await self._counter.do(lambda uow, _: reprint(Reprint(SaleId(sale_id)), uow))
        return {"sale_id": sale_id, "copy": job.copy, "receipt_no": job.sale_number & 0xFFFFFFFF}

    async def _void_sale(self, ask: Ask) -> Answer:
        cmd = msgspec.convert({name: ask[name] for name in ask if name != "do"}, VoidSale)
        await self._counter.do(lambda uow, clock: void_sale(cmd, uow, clock))
        return {"sale_id": cmd.sale_id}

    async def _return(self, ask: Ask) -> Answer:
        cmd = ReturnLines(
            lane=self.lane,
            sale_id=SaleId(str(ask["sale_id"])),
            return_id=self._new_id(),
            wanted={_whole(no): _whole(milli) for no, milli in ask["wanted"].items()},
            refund=msgspec.convert(ask.get("refund", "cash"), type=TenderKind),
            request_id=str(ask.get("request_id", "")),
        )
        return sold(await self._counter.do(lambda uow, clock: return_lines(cmd, uow, clock)))

    async def _stock(self, ask: Ask) -> Answer:
        cmd = MoveStock(
            kind=ask.get("kind", "received"),
            changes=tuple(msgspec.convert(ask["changes"], list[StockChange])),
            reason=str(ask.get("reason", "")),
            request_id=str(ask.get("request_id", "")),
        )
        await self._counter.do(lambda uow, clock: move_stock(cmd, uow, clock))
        return {"changes": len(cmd.changes)}

    async def _close_day(self, ask: Ask) -> Answer:
        cmd = CloseDay(self.lane, str(ask.get("business_date", "")))
        fact = await self._counter.do(lambda uow, clock: close_day(cmd, uow, clock))
        closed: Answer = msgspec.to_builtins(fact)
        return closed

    def _new_id(self) -> SaleId:
        return SaleId(fresh_id(self._clock.now()))


def shown(basket: Basket | None) -> Answer:
    """Return the open sale as a screen needs it."""
    if basket is None:
        return {"state": "idle", "lines": [], "total_minor": 0, "due_minor": 0}
    lines = open_lines(basket)
    total_minor, due_minor = amounts(lines)
    return {
        "state": basket.state,
        "currency": basket.currency,
        "member": basket.member,
        "lines": msgspec.to_builtins(lines),
        "total_minor": total_minor,
        "due_minor": due_minor,
    }


def sold(sale: Sale) -> Answer:
    """Return a committed sale as a screen needs it."""
    return {
        "state": "sold",
        "sale_id": sale.sale_id,
        "receipt": receipt_id(sale),
        "receipt_no": sale.receipt_no,
        "kind": sale.kind,
        "currency": sale.currency,
        "total_minor": sale.total_minor,
        "due_minor": sale.due_minor,
        "change_minor": sale.change_minor,
        "completed_at": sale.completed_at,
    }


def _whole(value: object) -> int:
    """Return a whole number, also one written as text; half a thousandth is a mistake and not nothing."""
    return msgspec.convert(value, int, strict=False)
