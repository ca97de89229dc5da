"""What lies beside the bench to be scanned and weighed: the demo's articles, the photographs, and produce without a code."""

from collections.abc import Iterator
from typing import Any

import msgspec

from firmware_sim.demo import goods as demo
from firmware_sim.demo.goods import Article


class Good(msgspec.Struct, frozen=True):
    """One thing to scan; ``aim`` is the symbology its code is printed in, ``price_minor`` what it costs in the demo's catalogue."""

    code: str
    aim: str
    en: str
    zh: str
    price_minor: int = 0


class Produce(msgspec.Struct, frozen=True):
    """One thing to put on the scale; ``code`` is its PLU, ``price_minor`` of a kilogram."""

    code: str
    price_minor: int
    weight_g: int
    en: str
    zh: str
    picture: str


class Photo(msgspec.Struct, frozen=True):
    """One photograph to hold before a camera; ``picture`` is its file on this machine."""

    picture: str
    en: str
    zh: str


class Goods(msgspec.Struct, frozen=True):
    """Everything that lies there."""

    scan: list[Good]
    odd: list[Good]
    weigh: list[Produce]
    photos: list[Photo]


PRODUCE = [
    Produce("04131", 1290, 182, "Apples", "苹果", "apple"),
    Produce("04011", 790, 118, "Bananas", "香蕉", "banana"),
    Produce("04053", 1580, 412, "Lemons", "柠檬", "lemons"),
    Produce("04022", 2180, 655, "Grapes", "葡萄", "grapes"),
    Produce("04430", 990, 1240, "Pineapple", "菠萝", "pineapple"),
    Produce("04032", 480, 4850, "Watermelon", "西瓜", "watermelon"),
]
ODD = [
    Good("010004900000634610BATCH7", "]C1", "GS1-128 with batch", "带批号的 GS1-128"),
    Good("01000490000063461727123110A7", "]d2", "GS1 DataMatrix with date", "带日期的 GS1 DataMatrix"),
    Good("2104053006489", "]E0", "Weighed label: lemons, 6.48", "称重标签：柠檬 6.48 元"),
    Good("2204053004109", "]E0", "Weighed label: lemons, 410 g", "称重标签：柠檬 410 克"),
    Good("28763443825664394", "]Q1", "Alipay payment code", "支付宝付款码"),
    Good("134650328843765432", "]Q1", "WeChat payment code", "微信付款码"),
    Good("https://id.gs1.org/01/00049000006346", "]Q1", "Digital link", "GS1 数字链接"),
    Good("中文二维码：龙井茶", "]Q1", "Chinese text in a QR", "中文二维码"),
    Good("9999999999994", "]E0", "Nobody knows this", "无人认识的商品"),
]


def catalogue_rows() -> Iterator[dict[str, Any]]:
    """Yield all of it as headquarters' catalogue import takes it."""
    for article in _articles():
        yield article.catalogue_row()
    for each in PRODUCE:
        names = {"name_en": each.en, "name_zh": each.zh}
        yield {"sku": f"PLU{each.code}", **names, "barcodes": [each.code], "unit": "kg", "sold_by": "weight"}


def price_rows() -> Iterator[dict[str, Any]]:
    """Yield what everything costs, for every store."""
    for article in _articles():
        yield {"store": "*", "sku": article.sku, "unit_price_minor": article.price_minor}
    for each in PRODUCE:
        yield {"store": "*", "sku": f"PLU{each.code}", "unit_price_minor": each.price_minor}


def _articles() -> list[Article]:
    every = [*(photo.article for photo in demo.photos()), *demo.articles(demo.baskets())]
    return [article for article in every if article.price_minor > 0]


def goods() -> Goods:
    """Return what lies beside the bench."""
    photos = [Photo(str(each.picture), each.article.name_en, each.article.name_zh) for each in demo.photos()]
    return Goods([_good(article) for article in _articles()], ODD, PRODUCE, photos)


def _good(article: Article) -> Good:
    return Good(article.code, "]E0", article.name_en, article.name_zh, article.price_minor)
