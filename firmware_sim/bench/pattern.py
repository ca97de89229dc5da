"""Whether what a device shows is what a scenario waits for.

A pattern is a value, or a table of patterns of which every one must fit; what it does not name may be anything. A table made
only of these words asks for more than equality::

    { contains = "412" }      text within a text, or a list with such an item
    { matches = "0[.]41." }   a regular expression, found anywhere
    { at_least = 3 }          a number; also at_most
    { grown_by = 1 }          at least so much more than when the scenario began
    { empty = true }          nothing there: "", [], {}, null
    { not = … }               the contrary
"""

import re
from collections.abc import Callable
from typing import Any


def fits(pattern: Any, seen: Any, before: Any = None) -> bool:
    """Tell whether ``seen`` is what ``pattern`` asks for; ``before`` is the same value when the scenario began.

    >>> fits({"weight": {"at_least": 400}, "unit": "g"}, {"weight": 412, "unit": "g", "stable": True})
    True
    """
    if isinstance(pattern, dict):
        if pattern and pattern.keys() <= _WORDS.keys():
            return all(_WORDS[word](wanted, seen, before) for word, wanted in pattern.items())
        return isinstance(seen, dict) and all(
            key in seen and fits(wanted, seen[key], before.get(key) if isinstance(before, dict) else None)
            for key, wanted in pattern.items()
        )
    if isinstance(pattern, list):
        return (
            isinstance(seen, list)
            and len(seen) == len(pattern)
            and all(fits(wanted, item) for wanted, item in zip(pattern, seen, strict=True))
        )
    return bool(pattern == seen) and isinstance(pattern, bool) == isinstance(seen, bool)


def _contains(wanted: Any, seen: Any, _: Any) -> bool:
    if isinstance(seen, str):
        return str(wanted) in seen
    if isinstance(seen, list):
        return any(_contains(wanted, item, None) if isinstance(item, str) else fits(wanted, item) for item in seen)
    return False


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _compared(holds: Callable[[float, float], bool]) -> Callable[[Any, Any, Any], bool]:
    def word(wanted: Any, seen: Any, _: Any) -> bool:
        number = _number(seen)
        return number is not None and holds(number, wanted)

    return word


def _grown(wanted: Any, seen: Any, before: Any) -> bool:
    now, then = _size(seen), _size(before)
    return now is not None and now - (then or 0) >= wanted


def _size(value: Any) -> float | None:
    return len(value) if isinstance(value, list | str | dict) else _number(value)


_WORDS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "contains": _contains,
    "matches": lambda wanted, seen, _: isinstance(seen, str) and re.search(wanted, seen) is not None,
    "at_least": _compared(lambda seen, wanted: seen >= wanted),
    "at_most": _compared(lambda seen, wanted: seen <= wanted),
    "grown_by": _grown,
    "empty": lambda wanted, seen, _: (not seen and seen is not False and seen != 0) is wanted,
    "not": lambda wanted, seen, before: not fits(wanted, seen, before),
}
