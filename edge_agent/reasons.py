"""What devices and errors say, in a person's language: code gives English sentences, which logs, facts and protocol keep.

Each sentence stands in two files of ``sayings/locale``, in ``protocol`` what devices say (headquarters reads it too), here what the edge
says. Their English side is the sentence as the code writes it: one more sentence is one more line in both.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import protocol
from domain.phrases import Phrasebook

_SAYINGS = (Path(protocol.__file__).parent / "sayings/locale", Path(__file__).parent / "sayings/locale")


def said(sentence: str, texts: Mapping[str, str]) -> str:
    """Return a driver's reason or an error's message in the catalogue's language, as it is when nothing knows it.

    Args:
        sentence: as it stands in logs and facts; one that carries another inside is translated down to that.
        texts: the catalogue.
    """
    return sentence if texts["language"] == "en" else _sayings(texts["language"]).said(sentence)


@cache
def _sayings(language: str) -> Phrasebook:
    written, read = (_sentences(each) for each in ("en", language))
    return Phrasebook({written[name]: read[name] for name in written})


def _sentences(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in _SAYINGS:
        found |= {
            f"{folder.parts[-3]}.{name}": text
            for name, text in json.loads((folder / f"{language}.json").read_text("utf-8")).items()
        }
    return found
