"""``shopwire camera read``: one answer a picture, in two languages; a bad file does not stop the rest."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("cv2")

import shopwire
from devices.errors import PictureRefused
from devices.vision.commands import FAMILIES, TEXTS
from devices.vision.picture import MAX_BYTES, grey, read_bytes
from devices.vision.refusals import in_chinese
from devices.vision.voter import NEED

PICTURES = Path(__file__).parents[2] / "data/barcode-images"
EAN = str(PICTURES / "ean13-3-02.png")
QR = str(PICTURES / "qrcode-3-02.png")


def run(*words: str) -> Result:
    return CliRunner().invoke(shopwire.main, [*words])


def test_json_is_one_object_a_picture() -> None:
    done = run("camera", "read", "--json", EAN, QR)
    assert done.exit_code == 0
    ean, qr = (json.loads(line) for line in done.stdout.splitlines())
    assert ean["file"] == EAN
    assert ean["texts"] == [
        {
            "text": "9780764544200",
            "symbology": "]E0",
            "family": "EAN-13",
            "decoder": "zxing-cpp",
            "sure": True,
            "retail": True,
        }
    ]
    assert 0 < ean["milliseconds"] < 60_000
    assert qr["texts"][0]["symbology"] == "]Q1"


def test_a_picture_comes_through_standard_input_too() -> None:
    done = CliRunner().invoke(shopwire.main, ["camera", "read", "--json", "-"], input=Path(EAN).read_bytes())
    assert [text["text"] for text in json.loads(done.stdout)["texts"]] == ["9780764544200"]
    empty = CliRunner().invoke(shopwire.main, ["camera", "read", "--json", "-"], input=b"")
    assert (empty.exit_code, "error" in json.loads(empty.stdout)) == (1, True)


def test_a_bad_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("no picture")
    done = run("camera", "read", str(tmp_path / "note.jpg"), "missing.png", EAN)
    assert done.exit_code == 1
    assert "9780764544200  EAN-13" in done.stdout
    assert "note.jpg: 10 bytes that are no BMP, JPEG, PNG, WEBP picture" in done.stderr
    assert done.stderr.count("missing.png") == 1


def test_a_refused_picture_is_told_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("no picture")
    done = run("--lang", "zh", "camera", "read", str(tmp_path / "note.jpg"), "missing.png", str(tmp_path))
    assert done.exit_code == 1
    assert "note.jpg：这 10 字节不是图片（可用格式：BMP, JPEG, PNG, WEBP）" in done.stderr
    assert "missing.png 无法读取：没有这个文件" in done.stderr
    assert f"{tmp_path} 无法读取：这是文件夹" in done.stderr


def test_refusals_by_size_and_damage_are_told_in_chinese() -> None:
    whole = Path(EAN).read_bytes()
    for data, limit, chinese in (
        (whole, 10, "像素，超过上限 10"),
        (whole[:200], 10**6, "像素的图片已损坏（200 字节）"),
    ):
        with pytest.raises(PictureRefused) as refused:
            grey(data, limit)
        assert chinese in in_chinese(str(refused.value))
    with pytest.raises(PictureRefused) as large:
        read_bytes(bytes(MAX_BYTES + 1))
    assert in_chinese(str(large.value)).endswith("字节：请用小一些的图片")
    assert in_chinese("something new") == "something new"


def test_json_tells_errors_in_their_place(tmp_path: Path) -> None:
    done = run("camera", "read", "--json", "missing.png", EAN)
    assert done.exit_code == 1
    bad, good = (json.loads(line) for line in done.stdout.splitlines())
    assert bad == {"file": "missing.png", "error": "missing.png cannot be read: No such file or directory"}
    assert good["texts"]


def test_a_picture_without_a_code_is_no_error_and_gets_advice(tmp_path: Path) -> None:
    (tmp_path / "grey.bmp").write_bytes(_grey_bmp())
    done = run("--lang", "zh", "camera", "read", "--fast", str(tmp_path / "grey.bmp"))
    assert done.exit_code == 0
    assert "未识别到条码" in done.stdout
    assert "请靠近些" in done.stdout


def _grey_bmp() -> bytes:
    """8×8 pixels of 24 bits, all the same."""
    head = b"BM" + (54 + 192).to_bytes(4, "little") + b"\0" * 4 + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + (8).to_bytes(4, "little") * 2 + b"\1\0\x18\0" + b"\0" * 24
    return head + info + b"\x80" * 192


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    done = run("camera", "read", EAN)
    assert done.exit_code == 1
    assert "install shopwire[vision]" in done.stderr


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    assert set(FAMILIES) == set(NEED)


@pytest.mark.parametrize(("lang", "words"), [("en", "Read the codes"), ("zh", "识别每张")])
def test_help_teaches(lang: str, words: str) -> None:
    shown = run("--lang", lang, "camera", "read", "--help").output
    assert words in shown
    assert "$ shopwire camera read shelf.jpg" in shown
