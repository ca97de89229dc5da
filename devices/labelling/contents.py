"""What stands on the labels of a store, as values, and the words that labels say themselves."""

from typing import Literal

import msgspec

Language = Literal["zh", "en"]

WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "spec": "规格", "unit": "单位", "origin": "产地", "member": "会员价", "supervision": "监督电话", "per": "单价",
        "order": "订单", "customer": "收货人", "address": "地址", "round": "波次", "shift": "班次", "more": "另有{n}种商品",
        "parcel": "第{n}件/共{of}件",
    },
    "en": {
        "spec": "Size", "unit": "Unit", "origin": "Origin", "member": "Member", "supervision": "Price line", "per": "Unit price",
        "order": "Order", "customer": "To", "address": "Address", "round": "Round", "shift": "Shift", "more": "and {n} more",
        "parcel": "Parcel {n} of {of}",
    },
}  # fmt: skip
"""What the templates say themselves."""


class ShelfContent(msgspec.Struct, frozen=True):
    """What stands on a shelf label; empty texts are left out.

    Attributes:
        name: of the item.
        second_name: in the other language, small.
        spec, unit, origin: such as ``500 g``, ``瓶``, ``安徽``.
        price_minor: of one unit.
        reference_minor, reference_unit: the price of 500 g, a kilogram, 100 ml …, where the law wants it.
        member_minor: what members pay, None where it is the same.
        code: the item's barcode; EAN-13 and EAN-8 (and UPC-A) as such, anything else as Code 128.
        supervision_phone: whom to call when the price at the till differs.
    """

    name: str
    price_minor: int
    currency: str = "CNY"
    second_name: str = ""
    spec: str = ""
    unit: str = ""
    origin: str = ""
    reference_minor: int | None = None
    reference_unit: str = ""
    member_minor: int | None = None
    code: str = ""
    supervision_phone: str = ""


class DeliveryContent(msgspec.Struct, frozen=True):
    """What stands on a parcel's label.

    Attributes:
        order: its number; ``link`` is what the QR code holds, the order's number without one.
        customer: as the customer's mask has it (``张**``): a label is read by everyone in the stairway.
        round, shift: which tour, such as ``3`` and ``14:00–16:00``.
        items: name and quantity of each.
        parcel, parcels: this is parcel ``parcel`` of ``parcels``.
    """

    order: str
    customer: str
    address: str
    round: str = ""
    shift: str = ""
    items: tuple[tuple[str, str], ...] = ()
    link: str = ""
    store: str = ""
    note: str = ""
    parcel: int = 1
    parcels: int = 1


def masked(name: str) -> str:
    """Return a customer's name as a label shows it: its first character, and stars.

    >>> masked("张小明"), masked("O'Hara, Mary"), masked("")
    ('张**', 'O**', '')
    """
    return name.strip()[:1] + "**" if name.strip() else ""
