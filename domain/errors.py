"""What the shop's rules refuse.

DomainError     the rule says no → tell the person; HTTP 409 or 422
├── InvalidIdentity, NotAGtin, InvalidQuantity, InvalidMoney    a value that cannot be
├── TenderTooSmall, EmptyBasket, UnknownLine                    a step the sale does not allow
├── SaleAlreadyVoided, ReturnTooLarge                           something done twice, or too much of it
└── ImpossibleSale                                              the sale's own figures contradict each other
"""


class DomainError(Exception):
    """A rule of the shop says no; the message names the thing, the value and the limit."""


class InvalidIdentity(DomainError):
    """A text is no identity of the kind asked for."""

    def __init__(self, kind: str, value: str, limit: str) -> None:
        super().__init__(f"{kind} {value!r} is not valid: expected {limit}")
        self.kind, self.value, self.limit = kind, value, limit
