"""What the shop's rules refuse.

DomainError     the rule says no → tell the person; HTTP 409 or 422
├── InvalidIdentity, NotAGtin, InvalidQuantity, InvalidMoney, InvalidItem, CurrencyMismatch    a value that cannot be
├── PriceMissing, WrongStep, UnknownLine, LineAlreadyVoided, EmptyBasket, TenderTooSmall,
│   TenderTooLarge                                                                            a step the sale does not allow
├── SaleAlreadyVoided, SaleAlreadyReturned, ReturnTooLarge                                    something done twice, or too much of it
└── ImpossibleSale                                                                            the sale's own figures contradict each other

The English message is for logs and operators. A screen translates by the error's class name and its attributes, which are exactly
the figures of the message: ``catalogue[type(error).__name__].format(**vars(error))``.
"""


class DomainError(Exception):
    """A rule of the shop says no; the message names the thing, the value and the limit."""


class InvalidIdentity(DomainError):
    """A text is no identity of the kind asked for."""

    def __init__(self, kind: str, value: str, limit: str) -> None:
        super().__init__(f"{kind} {value!r} is not valid: expected {limit}")
        self.kind, self.value, self.limit = kind, value, limit


class NotAGtin(DomainError):
    """Digits that are no GTIN: wrong length, something other than 0-9, or a wrong check digit."""

    def __init__(self, value: str, limit: str) -> None:
        super().__init__(f"{value[:32]!r} is not a GTIN: expected {limit}")
        self.value, self.limit = value, limit


class _OutOfLimits(DomainError):
    """A thing with a value beyond its limit; only its named children are raised."""

    def __init__(self, thing: str, value: object, limit: str) -> None:
        shown = repr(value)
        super().__init__(f"{thing} is {shown if len(shown) <= 80 else shown[:77] + '...'}, expected {limit}")
        self.thing, self.value, self.limit = thing, value, limit


class InvalidQuantity(_OutOfLimits):
    """A quantity nobody can sell."""


class InvalidMoney(_OutOfLimits):
    """An amount, a currency or a way to split money that cannot be."""


class InvalidItem(_OutOfLimits):
    """A catalogue row that cannot be taken over."""


class ImpossibleSale(_OutOfLimits):
    """A sale whose own figures contradict each other or leave every limit."""


class CurrencyMismatch(DomainError):
    """Two amounts of different currencies were added or compared."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"amounts in {left} and {right} cannot be added or compared: convert one of them first")
        self.left, self.right = left, right


class PriceMissing(DomainError):
    """An item without a price, and no amount was given."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"SKU {sku!r} has no price in this store: import a price, or give the amount by hand")
        self.sku = sku


class WrongStep(DomainError):
    """An event that the basket's state does not know."""

    def __init__(self, state: str, event: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"a basket that is {state} takes no {event}: it takes {', '.join(allowed) or 'nothing more'}")
        self.state, self.event, self.allowed = state, event, allowed


class UnknownLine(DomainError):
    """A line number that this basket or sale does not have."""

    def __init__(self, no: int, last: int) -> None:
        super().__init__(f"there is no line {no}: line numbers run from 1 to {last}")
        self.no, self.last = no, last


class LineAlreadyVoided(DomainError):
    """A line was taken back twice."""

    def __init__(self, no: int) -> None:
        super().__init__(f"line {no} is voided already")
        self.no = no


class EmptyBasket(DomainError):
    """A total or a payment was asked for and no line is left."""

    def __init__(self) -> None:
        super().__init__("the basket has no lines: scan an item first")


class TenderTooSmall(DomainError):
    """The money handed over does not cover what is due."""

    def __init__(self, tendered_minor: int, due_minor: int) -> None:
        super().__init__(
            f"tender {tendered_minor} is below what is due, {due_minor}: {due_minor - tendered_minor} are missing"
        )
        self.tendered_minor, self.due_minor, self.missing_minor = tendered_minor, due_minor, due_minor - tendered_minor


class TenderTooLarge(DomainError):
    """More than what is left, by a tender that gives no change (QR), or in a refund."""

    def __init__(self, kind: str, tendered_minor: int, left_minor: int) -> None:
        super().__init__(
            f"{kind} tender {tendered_minor} is above what is left, {left_minor}: only cash paid by a shopper gives change"
        )
        self.kind, self.tendered_minor, self.left_minor = kind, tendered_minor, left_minor


class SaleAlreadyVoided(DomainError):
    """A whole sale was taken back twice."""

    def __init__(self, sale_id: str) -> None:
        super().__init__(f"sale {sale_id} is voided already")
        self.sale_id = sale_id


class SaleAlreadyReturned(DomainError):
    """A whole sale was to be taken back of which something has come back already: it would be paid back twice."""

    def __init__(self, sale_id: str, returns: int) -> None:
        super().__init__(
            f"sale {sale_id} has {returns} returns and cannot be voided: return the rest of it, or void its returns first"
        )
        self.sale_id, self.returns = sale_id, returns


class ReturnTooLarge(DomainError):
    """More of a line comes back than was sold and not yet returned (thousandths of the line's unit)."""

    def __init__(self, no: int, asked_milli: int, left_milli: int) -> None:
        super().__init__(
            f"line {no}: {asked_milli} thousandths cannot be returned, {left_milli} are left of what was sold"
        )
        self.no, self.asked_milli, self.left_milli = no, asked_milli, left_milli
