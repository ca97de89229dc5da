"""The page's words: each that it says stands in the catalogue, and each in the catalogue is said."""

import json
import re
from pathlib import Path

from firmware_sim.bench.goods import goods

PAGE = Path(__file__).parents[3] / "firmware_sim/bench/page"
WORDS: dict[str, str] = json.loads((PAGE / "locale/en.json").read_text("utf-8"))
SCRIPTS = "".join(file.read_text("utf-8") for file in [*sorted(PAGE.glob("*.js")), PAGE / "index.html"])
LITERAL = re.compile(r'(?:say|known)\("(\w+)"|data-text="(\w+)"')
BUILT = re.compile(r"`(\w+)\$\{")


def said() -> set[str]:
    return {word for found in LITERAL.findall(SCRIPTS) for word in found if word}


def test_every_word_that_the_page_says_is_in_the_catalogue() -> None:
    assert said() - WORDS.keys() == set()


def test_every_word_of_the_catalogue_is_said() -> None:
    beginnings = tuple(BUILT.findall(SCRIPTS))
    quoted = set(re.findall(r"\"(\w+)\"", SCRIPTS))
    unsaid = {word for word in WORDS if word not in said() | quoted and not word.startswith(beginnings)}
    assert unsaid == set()


def test_what_lies_on_the_bench_has_a_name_in_both_languages_and_a_picture() -> None:
    things = goods()
    assert len(things.scan) > 50
    named = [*things.scan, *things.odd], things.weigh, things.photos
    assert all(thing.en and thing.zh for kind in named for thing in kind)
    drawn = set(re.findall(r"^  (\w+): \[", (PAGE / "shapes.js").read_text("utf-8"), re.MULTILINE))
    assert {thing.picture for thing in things.weigh} - drawn - {"grapes"} == set()
    assert all(Path(photo.picture).is_file() for photo in things.photos)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    text = SCRIPTS + "".join(file.read_text("utf-8") for file in PAGE.glob("*.css"))
    assert re.findall(r"(?:src|href|url|import)[^\n]{0,9}[\"'(](https?:)?//", text) == []
