"""Which language an answer is written in: what ``Accept-Language`` prefers, English where it says nothing."""

from typing import Annotated, Any

from fastapi import Depends, Request

from coordinator.texts import Language, said


def preferred(accepted: str) -> Language:
    """Return the language that a header ``Accept-Language`` prefers.

    >>> preferred("zh-CN,zh;q=0.9,en;q=0.8"), preferred("en-GB, zh;q=0.5"), preferred("")
    ('zh', 'en', 'en')
    """
    wishes = [_wish(part) for part in accepted.split(",")]
    ours = [(weight, tag) for weight, tag in wishes if weight > 0 and tag[:2] in ("zh", "en", "*")]
    best = max(ours, key=lambda wish: wish[0], default=(0.0, "en"))
    return "zh" if best[1].startswith("zh") else "en"


def _wish(part: str) -> tuple[float, str]:
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return float(weight or 1), tag
    except ValueError:
        return 0.0, tag


def language_of(request: Request) -> Language:
    """Return the language of the answer to ``request``."""
    return preferred(request.headers.get("accept-language", ""))


Spoken = Annotated[Language, Depends(language_of)]


def told(rows: list[dict[str, Any]], field: str, language: Language) -> list[dict[str, Any]]:
    """Return ``rows`` with the sentence in ``field`` in the person's language."""
    return [{**row, field: said(language, row.get(field) or "")} for row in rows]
