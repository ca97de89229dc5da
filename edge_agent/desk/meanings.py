"""What bytes mean, in a person's language: codecs explain them in English, which ``--json`` keeps."""

import json
from functools import cache
from pathlib import Path

from domain.phrases import Phrasebook
from edge_agent.settings import Language


def meaning_in(language: Language, text: str) -> str:
    """Return what a codec says of some bytes, in ``language``; data stays as it is."""
    return text if language == "en" else _book(language).said(text)


@cache
def _book(language: Language) -> Phrasebook:
    english, other = (
        json.loads((Path(__file__).parent / "locale" / f"{name}.json").read_text("utf-8")) for name in ("en", language)
    )
    return Phrasebook({english[name]: other[name] for name in english})
