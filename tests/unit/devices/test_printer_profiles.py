"""Printer models are data: ours, and those of the shared database, whose facts are compared with their source."""

import json
from typing import Any

import pytest

from devices.errors import DeviceMisconfigured
from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.profile import (
    PROFILES,
    SHARED,
    Barcodes,
    Chinese,
    Cut,
    Pictures,
    PrinterProfile,
)
from devices.receipt import Barcode, KickDrawer, Picture, Qr, ReceiptDocument, Text
from devices.receipt import Cut as CutPaper
from tests.corpora import corpus

EVERYTHING = ReceiptDocument(
    (
        Text("龙井茶 tea"), Qr("https://x.y"), Barcode("ean13", "6901234567892"), Barcode("code128", "S1-17"),
        Picture(16, b"\xff\x00" * 30), KickDrawer(), CutPaper(),
    )
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(PROFILES.all))
def test_each_model_prints_a_whole_receipt(name: str) -> None:
    profile = PROFILES.named(name)
    data = encode_receipt(EVERYTHING, profile)
    assert (b"\x1bp" in data) is profile.drawer
    assert (b"\x1d(k" in data) is profile.qr
    assert (b"\x1dk" in data) is (profile.barcodes is not Barcodes.NONE)


def test_the_shared_models_say_what_their_source_says() -> None:
    source: dict[str, Any] = json.loads((corpus("escpos-printer-db") / "capabilities.json").read_text("utf-8"))[
        "profiles"
    ]
    assert len(SHARED.all) >= 30
    for name, ours in SHARED.all.items():
        theirs = source[name]
        features, pixels = theirs["features"], theirs["media"]["width"]["pixels"]
        assert ours.columns == theirs["fonts"]["0"]["columns"], name
        assert ours.dots == (pixels if isinstance(pixels, int) else ours.columns * 12), name
        assert ours.qr is features["qrCode"], name
        assert ours.drawer is features["pulseStandard"], name
        assert (ours.cut is not Cut.NONE) is (features["paperFullCut"] or features["paperPartCut"]), name
        assert (ours.pictures is Pictures.RASTER) is features["bitImageRaster"], name
        assert (ours.barcodes is Barcodes.FORM_B) is features["barcodeB"], name


def test_ours_come_before_the_shared_ones_and_unknown_ones_are_named() -> None:
    assert PROFILES.named("epson-80").chinese is Chinese.GB18030
    assert PROFILES.named("TM-T88V").maker == "Epson"
    with pytest.raises(DeviceMisconfigured, match="TM-T88V"):
        PROFILES.named("nothing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": 100, "dots": 1000},
        {"columns": 48, "dots": 2000},
        {"columns": 48, "dots": 576, "drawer_on_ms": 600},
        {"columns": 48, "dots": 576, "drawer_on_ms": 32, "drawer_off_ms": 8},  # would spell 10 04
        {"columns": 48, "dots": 576, "strip_rows": 300},
        {"columns": 48, "dots": 576, "start": "xx"},
    ],
)
def test_what_no_printer_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        PrinterProfile(**wrong)
