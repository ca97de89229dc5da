"""Both languages say the same things with the same blanks."""

import json
import re
from pathlib import Path

import pytest

import coordinator
from coordinator.db.doctor import RULES
from coordinator.handlers import apply, effects, ingest, upkeep
from coordinator.texts import FILES, catalogue, say
from devices.registry import KINDS
from web.serving import PAGE as SHARED

HOUSE = Path(coordinator.__file__).parent
PAGE = HOUSE / "console" / "page"
BLANKS = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("folder", [HOUSE / "locale", PAGE / "locale"])
def test_the_same_keys_and_blanks_in_both_languages(folder: Path) -> None:
    zh, en = (json.loads((folder / name).read_text("utf-8")) for name in FILES.values())
    assert list(zh) == list(en)
    for key in zh:
        assert set(BLANKS.findall(zh[key])) == set(BLANKS.findall(en[key])), key
        assert zh[key].strip(), key
        assert en[key].strip(), key


def test_every_text_of_the_page_exists_and_none_is_left_over() -> None:
    page = (PAGE / "index.html").read_text("utf-8")
    script = (PAGE / "console.js").read_text("utf-8")
    texts = json.loads((PAGE / "locale" / "en.json").read_text("utf-8"))
    named = (
        set(re.findall(r'data-text="(\w+)"', page))
        | set(re.findall(r'say\("(\w+)"', script))
        | set(re.findall(r'\["(\w+)", ', script))
    )
    families = ("line_", "sort_", "state_", "incident_", "health_", "heard_", "class_")
    named -= {"en"}  # the language itself
    assert named <= set(texts)
    assert {key for key in texts if not key.startswith(families)} <= named


def test_every_kind_of_incident_has_a_name_on_the_page() -> None:
    sources = [Path(str(module.__file__)).read_text("utf-8") for module in (apply, effects, ingest, upkeep)]
    sources += [(HOUSE / path).read_text("utf-8") for path in ("db/backup.py", "server/intake.py")]
    kinds = {
        kind for text in sources for kind in re.findall(r'(?:add_alarm|add_incident|incident)\([^\n]*?"(\w+)", ', text)
    }
    assert len(kinds) >= 10
    texts = json.loads((PAGE / "locale" / "en.json").read_text("utf-8"))
    assert {f"incident_{kind}" for kind in kinds} <= set(texts)


def test_the_page_asks_nobody_else_for_anything() -> None:
    for file in (*PAGE.rglob("*.*"), *SHARED.rglob("*.*")):
        found = set(re.findall(r"https?://[^\"'\s)]+", file.read_text("utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, file


def test_texts_fill_their_blanks() -> None:
    assert "S1" in say("zh", "edge_revoked", edge="S1", count=2)
    assert catalogue("en") != catalogue("zh")


def test_every_invariant_and_what_to_do_when_it_breaks_has_words() -> None:
    ids = {rule.id for rule in RULES} | {"I13"}
    for language in ("en", "zh"):
        kept = {key for key in catalogue(language) if key.startswith("rule_")}
        assert kept == {f"rule_{id}" for id in ids} | {f"rule_{id}_next" for id in ids}
    assert {rule.id: rule.rule for rule in RULES} == {rule.id: say("en", f"rule_{rule.id}") for rule in RULES}


def test_every_class_of_device_has_a_name_on_the_page() -> None:
    kinds = set(KINDS.values())
    for name in FILES.values():
        texts = json.loads((PAGE / "locale" / name).read_text("utf-8"))
        assert {kind for kind in kinds if f"class_{kind}" not in texts} == set()
