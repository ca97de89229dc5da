"""The console in a real browser: both languages, live figures with a token, the door without one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser
from tests.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]


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


def looked_at(url: str, profile: Path, word: str) -> str:
    """Return what the page says once it says ``word``."""
    with browser(profile) as page:
        page.open(url)
        page.until(f"document.body?.innerText.includes({json.dumps(word)})", 30)
        seen = page.run("document.body.innerText")
        assert page.complaints == []
    return re.sub(r"\s+", " ", seen)


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ("南京西路店", "销售额", "无联系")), ("en", ("Nanjing West Road", "Sales", "Live"))],
)
def test_with_a_token_it_shows_the_chain_live(
    hq: Office, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    token = Path(hq.announced["token_file"]).read_text().strip()
    page = looked_at(f"{hq.announced['api']['http']}/?lang={language}#token={token}", tmp_path, words[0])
    assert [word for word in words if word not in page] == [], page
    assert "S1" in page
    assert token not in page


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "请验证身份"), ("en", "shopwire coordinator token create")])
def test_without_a_token_it_shows_the_door_and_nothing_else(
    hq: Office, tmp_path: Path, language: str, word: str
) -> None:
    page = looked_at(f"{hq.announced['api']['http']}/?lang={language}", tmp_path, word)
    assert word in page
    assert "S1" not in page
