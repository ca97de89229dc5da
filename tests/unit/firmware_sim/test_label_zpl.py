"""The simulated ZPL printer takes other people's labels, draws them, and answers what it is asked."""

from pathlib import Path

import pytest

from tests.corpora import corpus
from tests.labels import codes_read, zpl_jobs

SAMPLES = Path(__file__).parents[2] / "data" / "zpl-labels"
LABELS = {
    "Barcode39-102x152": ["123ABC"] * 4,  # two of the six are wider than the label
    "Barcode93-102x152": ["123ABC"] * 3,
    "DataMatrix-102x152": ["ABC"] * 5,
    "Format-54x86": ["3758292"],
    "GS1-102x152": ["011234567890123121123456"] * 2 + [">;>8011234567890123121123456"],
    "QrCode-54x86": ["BinaryKits.Zpl.Viewer"] * 5,
}


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.zpl2")))
@pytest.mark.parametrize("chunk", [0, 1, 7])
def test_each_sample_is_one_label_however_it_is_cut(name: str, chunk: int) -> None:
    jobs, printer, orders = zpl_jobs((SAMPLES / f"{name}.zpl2").read_bytes(), chunk)
    assert [job.copies for job in jobs] == [1]
    assert not printer.unknown
    assert orders == []
    assert codes_read(jobs[0].image) == sorted(LABELS.get(name, []))


def test_every_label_of_the_corpus_is_taken_whole() -> None:
    files = sorted(corpus("zpl-labels").glob("*.zpl2"))
    assert len(files) >= 20
    for path in files:
        jobs, printer, _ = zpl_jobs(path.read_bytes())
        assert len(jobs) == 1, path.name
        assert not printer.unknown, path.name
        assert jobs[0].image.getextrema() == (0, 255), f"{path.name} is blank"
        if path.stem in LABELS:
            assert codes_read(jobs[0].image) == sorted(LABELS[path.stem]), path.name


def test_umlauts_come_out_the_same_in_each_code_page() -> None:
    [job], _, _ = zpl_jobs((SAMPLES / "HexEscape-54x86.zpl2").read_bytes())
    assert job.texts == ("Straße",) * 3


def test_a_stored_format_prints_nothing_until_it_is_recalled() -> None:
    [job], _, _ = zpl_jobs((SAMPLES / "Format-54x86.zpl2").read_bytes())
    assert set(job.texts) == {"C19755BA01:F9111", "3758292", "P/N :"}


def test_compressed_and_plain_pictures_are_the_same() -> None:
    plain = b"^XA^FO0,0^GFA,16,16,2,FFFF" + b"8001" * 6 + b"FFFF^FS^XZ"
    packed = b"^XA^FO0,0^GFA,16,16,2,!H8G0H1" + b"^FS^XZ"
    packed = packed.replace(b"!H8G0H1", b"!8H01:::::!")
    base64 = b"^XA^FO0,0^GFA,16,16,2,:B64://+AAYABgAGAAYABgAH//w==:0000^FS^XZ"
    assert zpl_jobs(plain)[0][0].image == zpl_jobs(packed)[0][0].image == zpl_jobs(base64)[0][0].image


def test_binary_pictures_hold_any_byte_and_end_where_they_said() -> None:
    data = b"^XA^FO0,0^GFB,8,8,1,^XZ~HS^X" + b"^FS^FO0,20^A0N,30^FDafter^FS^XZ"
    jobs, _, orders = zpl_jobs(data, chunk=3)
    assert [job.texts for job in jobs] == [("after",)]
    assert orders == []


def test_boxes_reverse_and_colour_do_as_they_are_told() -> None:
    black = zpl_jobs(b"^XA^FO0,0^GB40,40,40^FS^XZ")[0][0].image
    assert black.getpixel((20, 20)) == 0
    white = zpl_jobs(b"^XA^FO0,0^GB40,40,40^FS^FO10,10^GB20,20,20,W^FS^XZ")[0][0].image
    assert (white.getpixel((5, 5)), white.getpixel((20, 20))) == (0, 255)
    twice = zpl_jobs(b"^XA^FO0,0^GB40,40,40^FS^FO10,10^FR^GB20,20,20^FS^XZ")[0][0].image
    assert (twice.getpixel((5, 5)), twice.getpixel((20, 20))) == (0, 255)


def test_letters_that_font_0_lacks_stay_blank() -> None:
    assert zpl_jobs("^XA^CI28^FO9,9^A0N,40^FD中文^FS^XZ".encode())[0][0].image.getextrema() == (255, 255)
    known = "^XA^CI28^FO9,9^A@N,40,40,E:SIMSUN.TTF^FD中文^FS^XZ".encode()
    assert zpl_jobs(known)[0][0].image.getextrema() == (0, 255)


def test_unknown_commands_are_counted_and_do_no_harm() -> None:
    jobs, printer, _ = zpl_jobs(b"^XA^QQ1^FO9,9^A0N,40^FDx^FS^XZ~ZZ^XA^FD^XZ")
    assert jobs[0].texts == ("x",)
    assert dict(printer.unknown) == {"^QQ": 1, "~ZZ": 1}


def test_prefixes_can_be_changed_and_come_back_with_a_reset() -> None:
    jobs, printer, orders = zpl_jobs(b"~CC!!XA!FO9,9!A0N,40!FD^1!FS!XZ~JR")
    printer.feed(b"^XA^FO9,9^A0N,40^FD!2^FS^XZ")
    assert [job.texts for job in jobs] == [("^1",), ("!2",)]
    assert orders == ["reset"]


@pytest.mark.parametrize(
    "field",
    [
        b"^A0N,9999,9999^FD" + b"W" * 9000,
        b"^AGN,9999,9999^FD" + b"W" * 9000,
        b"^BY10^BCN,9999^FD" + b"W" * 9000,
        b"^BY10^B3N,N,9999^FD" + b"W" * 9000,
        b"^BQN,2,100^FDMA," + b"W" * 9000,
        b"^BQN,2,100^FDMA,W",
        b"^BXN,9999,200^FD" + b"W" * 9000,
        b"^BY10^B7N,9999,8,30^FD" + b"W" * 500,
        b"^GB99999999,99999999,99999999^FD",
        b"^GE99999999,99999999,5^FD",
        b"^GD99999999,99999999,5^FD",
        b"^GFA,99999999,99999999,99999999,zzzzzF:::!^FD",
        b"^FB99999999,9999,9999^A0N,90^FD" + b"W " * 900,
    ],
)
def test_no_label_is_too_large_for_it(field: bytes) -> None:
    [job], _, _ = zpl_jobs(b"^XA^FO1,1" + field + b"^FS^XZ")
    assert job.image.width <= 832


def test_copies_width_and_length() -> None:
    [job], _, _ = zpl_jobs(b"^XA^PW400^LL200^FO9,9^A0N,40^FDx^FS^PQ7,0,1,Y^XZ")
    assert (job.copies, job.image.size) == (7, (400, 200))
