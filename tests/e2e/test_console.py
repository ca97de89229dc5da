"""The console in a real browser: both languages, live figures with a token, the door without one."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(120)]
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=4000", "--dump-dom"),
)


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("console"))
    office.start()
    try:
        names = {"name_zh": "南京西路店", "name_en": "Nanjing West Road"}
        office.api.post("/v1/stores", [{"store": "1", "timezone": "Asia/Shanghai", "currency": "CNY", **names}])
        office.api.post("/v1/edges", {"edge": "S1", "store": "1"})
        yield office
    finally:
        office.stop()


def looked_at(url: str, profile: Path) -> str:
    """Return the page as Chromium shows it after four seconds of its own time, without the markup."""
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on this machine: script/bootstrap all installs it"
    shown = subprocess.run(
        [chromium, *QUIET, f"--user-data-dir={profile}", url], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    visible = re.sub(r"(?s)<(form|main)[^>]* hidden.*?</\1>|<noscript>.*?</noscript>", "", shown)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible))


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ("南京西路店", "销售额", "无联系")), ("en", ("Nanjing West Road", "Sales", "Live"))],
)
def test_with_a_token_it_shows_the_chain_live(
    hq: Office, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    token = Path(hq.announced["token_file"]).read_text().strip()
    page = looked_at(f"{hq.announced['api']['http']}/?lang={language}#token={token}", tmp_path)
    assert [word for word in words if word not in page] == [], page
    assert "S1" in page
    assert token not in page


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "请验证身份"), ("en", "shopwire coordinator token create")])
def test_without_a_token_it_shows_the_door_and_nothing_else(
    hq: Office, tmp_path: Path, language: str, word: str
) -> None:
    page = looked_at(f"{hq.announced['api']['http']}/?lang={language}", tmp_path)
    assert word in page
    assert "S1" not in page
