"""The demo's extract is real, small and shows every kind of line."""

from firmware_sim.demo import extract, goods
from firmware_sim.replay import dataset


def test_the_extract_is_what_the_source_says() -> None:
    chosen = {basket.source_ref: basket for basket in goods.baskets()}
    source = {basket.source_ref: basket for basket in dataset.read(*extract.WEEKS).baskets()}
    assert len(chosen) == len(goods.STORES) * extract.BASKETS_PER_STORE
    assert all(source[ref] == basket for ref, basket in chosen.items())


def test_the_extract_is_small_enough_to_keep() -> None:
    assert sum(file.stat().st_size for file in goods.DATA.rglob("*") if file.is_file()) < 300_000


def test_every_kind_of_line_is_there() -> None:
    lines = [line for basket in goods.baskets() for line in basket.lines]
    assert any(line.quantity == 0 for line in lines)
    assert any(line.quantity > 1000 for line in lines), "fuel"
    assert any(line.retail_minor for line in lines)
    assert any(line.coupon_minor for line in lines)
    assert any(line.coupon_match_minor for line in lines)


def test_every_article_sold_has_a_name_in_both_languages_and_a_code_of_its_own() -> None:
    baskets = goods.baskets()
    articles = goods.articles(baskets) + [photo.article for photo in goods.photos()]
    assert {line.product for basket in baskets for line in basket.lines} <= {
        int(article.sku) for article in articles if article.sku.isdigit()
    }
    assert all(article.name_en.isascii() and not article.name_zh.isascii() for article in articles)
    assert len({article.code for article in articles}) == len({article.sku for article in articles}) == len(articles)


def test_the_photographs_are_there() -> None:
    photos = goods.photos()
    assert len(photos) == 5
    assert all(photo.picture.read_bytes().startswith(b"\x89PNG") for photo in photos)
