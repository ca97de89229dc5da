"""Money: integer minor units (fen, cents), split without losing one of them."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from domain.errors import CurrencyMismatch, InvalidMoney

Language = Literal["zh", "en"]

EXPONENTS: dict[str, int] = {"CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2, "JPY": 0, "USD": 2}
"""ISO 4217 exponent: how many decimals of a currency its minor unit stands for."""

# U+FFE5 for the yuan: U+00A5 is four bytes in GB18030 and prints as "0 6" on two-byte printers.
_SYMBOLS: dict[tuple[str, Language], str] = {
    ("CNY", "zh"): "￥",
    ("USD", "en"): "$",
    ("USD", "zh"): "US$",
    ("HKD", "zh"): "HK$",
}


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount of one currency; adding or comparing two currencies raises ``CurrencyMismatch``.

    >>> Money(1000, "CNY").split(3)
    [Money(minor=334, currency='CNY'), Money(minor=333, currency='CNY'), Money(minor=333, currency='CNY')]
    """

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def split(self, parts: int) -> "list[Money]":
        """Return ``parts`` amounts that differ by at most one minor unit and add up to this one; the first are the larger ones.

        Raises:
            InvalidMoney: ``parts`` is below 1.
        """
        return [Money(minor, self.currency) for minor in split_minor(self.minor, [1] * parts)]

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.minor


def split_minor(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` by ``weights`` with the largest remainder; ties go to the lower index.

    Every part is its exact share rounded down or up, the parts add up to ``total``; a negative total is split as its positive and
    turned around.

    Args:
        total: minor units, any sign.
        weights: at least one, none negative, not all zero unless ``total`` is 0.

    Raises:
        InvalidMoney: the weights do not allow a split.

    >>> split_minor(1000, [1, 1, 1])
    [334, 333, 333]
    >>> split_minor(-7, [5, 0, 5])
    [-4, 0, -3]
    """
    whole = sum(weights)
    if not weights or min(weights) < 0:
        raise InvalidMoney("weights of a split", tuple(weights), "at least one, none below 0")
    if whole == 0:
        if total:
            raise InvalidMoney("weights of a split", tuple(weights), "at least one above 0")
        return [0] * len(weights)
    if total < 0:
        return [-part for part in split_minor(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    odd = total - sum(parts)
    if odd:
        # sorted() is stable, so equal remainders stay in the order of their index
        for index in sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))[:odd]:
            parts[index] += 1
    return parts


def exponent(currency: str) -> int:
    """Return the number of decimals of ``currency``.

    Raises:
        InvalidMoney: the currency is none that this house knows.
    """
    decimals = EXPONENTS.get(currency)
    if decimals is None:
        raise InvalidMoney("currency", currency, f"one of {', '.join(EXPONENTS)}")
    return decimals


def format_minor(minor: int, currency: str, lang: Language) -> str:
    """Return ``minor`` as a person reads it.

    >>> format_minor(123456, "CNY", "zh"), format_minor(-5, "USD", "en"), format_minor(1500, "JPY", "en")
    ('￥1,234.56', '-$0.05', 'JPY 1,500')
    """
    return f"{'-' if minor < 0 else ''}{sign(currency, lang)}{format_figures(abs(minor), currency)}"


def sign(currency: str, lang: Language) -> str:
    """Return what stands before an amount: a sign where people of that language use one, else the code and a space.

    >>> sign("CNY", "zh"), sign("CNY", "en")
    ('￥', 'CNY ')
    """
    return _SYMBOLS.get((currency, lang), currency + " ")


def format_figures(minor: int, currency: str) -> str:
    """Return the figures of ``minor`` without sign or code of the currency.

    >>> format_figures(-123456, "CNY"), format_figures(1500, "JPY")
    ('-1,234.56', '1,500')
    """
    decimals = exponent(currency)
    whole, rest = divmod(abs(minor), 10**decimals)
    return f"{'-' if minor < 0 else ''}{whole:,}" + (f".{rest:0{decimals}}" if decimals else "")
