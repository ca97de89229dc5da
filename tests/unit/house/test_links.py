"""What the pages point at is there, and nothing committed names a place of one machine or a registry."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SKIPPED = {"build", "dist", "node_modules", "var"}


def is_ours(path: Path) -> bool:
    parts = path.parts
    return not (SKIPPED & set(parts) or any(part.startswith(".") and part != ".ci" for part in parts[:-1]))


OURS = sorted(
    Path(folder, name).relative_to(ROOT)
    for folder, _, names in os.walk(ROOT)
    if is_ours(Path(folder, "x").relative_to(ROOT))
    for name in names
)
PAGES = [path for path in OURS if path.suffix == ".md"]
TEXTS = [path for path in OURS if path.suffix in {".py", ".md", ".toml", ".txt", ".yml", ".json", ".sh", ".conf", ""}]
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "registry." + "yarnpkg.com")


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), f"{page} points at {target}"
        if anchor:
            assert anchor in anchors(there), f"{page} points at {target}"


def test_no_committed_text_names_a_registry() -> None:
    named = [
        (str(path), host) for path in TEXTS for host in REGISTRIES if host in (ROOT / path).read_text(errors="replace")
    ]
    assert named == []


def test_no_committed_text_names_a_place_of_one_machine() -> None:
    place = re.compile(r"(?<![\w.:/~-])/(home|root|Users|work)/\w")
    named = [str(path) for path in TEXTS if place.search((ROOT / path).read_text(errors="replace"))]
    assert named == []


FOLDERS = "docs|config|script|domain|protocol|link|devices|edge_agent|coordinator|firmware_sim|tests|benchmarks"
NAMED = re.compile(rf"\b((?:{FOLDERS})/[\w./-]*\w\.(?:md|py|toml|json|conf|txt))\b")
INVENTED = Path("tests/unit/house/test_layers.py")  # it makes a house of its own


def test_files_that_code_and_pages_name_are_there() -> None:
    naming = [path for path in TEXTS if path.suffix in {".py", ".md", ".toml", ".yml"} and path != INVENTED]
    named = {(str(path), name) for path in naming for name in NAMED.findall((ROOT / path).read_text())}
    assert sorted((path, name) for path, name in named if not (ROOT / name).exists()) == []
