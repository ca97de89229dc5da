"""The simulated TSPL printer: quotes, pictures, and orders that are obeyed wherever they stand."""

import pytest

from firmware_sim.label.tspl_parser import AtOnce, command_of
from tests.labels import codes_read, tspl_jobs


@pytest.mark.parametrize("chunk", [0, 1, 5])
def test_a_label_as_the_reference_has_it(chunk: int) -> None:
    text = "SIZE 60 mm,40 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nCLS\r\n"
    text += 'TEXT 10,10,"TSS24.BF2",0,2,2,"中文"\r\nBARCODE 20,80,"EAN13",60,1,0,2,2,"690123456789"\r\n'
    text += 'QRCODE 320,60,L,5,A,0,"data"\r\nBOX 1,1,470,310,3\r\nPRINT 2,3\r\n'
    jobs, printer = tspl_jobs(text.encode("gb18030"), chunk)
    assert [(job.copies, job.image.size, job.texts) for job in jobs] == [(6, (480, 320), ("中文",))]
    assert codes_read(jobs[0].image) == ["6901234567892", "data"]
    assert not printer.unknown


def test_quotes_inside_of_quotes() -> None:
    line = b'TEXT 1, 2,"3",0,1,1," 12\\["] , x "'
    assert command_of(line).parameters == ("1", "2", "3", "0", "1", "1", ' 12" , x ')


@pytest.mark.parametrize("kind", ["EAN13", "EAN8", "UPCA", "128", "128M", "EAN128", "39", "93", "25"])
def test_each_kind_of_bars_is_read_back(kind: str) -> None:
    data = {"EAN8": "1234567", "UPCA": "04210000526", "EAN13": "690123456789", "128M": "!105!102011234!10010X1"}.get(
        kind, "012345"
    )
    jobs, _ = tspl_jobs(f'CLS\r\nBARCODE 40,40,"{kind}",60,1,0,2,6,"{data}"\r\nPRINT 1\r\n'.encode())
    [code] = jobs[0].codes
    read = codes_read(jobs[0].image)
    assert read == [code.text] or (kind == "UPCA" and read == [f"0{code.text}"])


def test_a_picture_holds_any_byte() -> None:
    dots = b"\r\nPRINT 1,1\r\n\x00\xff\x0f"
    jobs, printer = tspl_jobs(b"CLS\r\nBITMAP 0,0,4,4,0," + dots + b"\r\nPRINT 1,1\r\n", chunk=4)
    assert len(jobs) == 1
    assert jobs[0].image.getpixel((0, 3)) == 0
    assert not printer.unknown


def test_a_font_that_is_not_there_prints_nothing_and_is_counted() -> None:
    jobs, printer = tspl_jobs(b'CLS\r\nTEXT 9,9,"NONE.TTF",0,1,1,"x"\r\nPRINT 1\r\n')
    assert jobs[0].texts == ()
    assert printer.unknown == {"font NONE.TTF": 1}


def test_numbers_behind_strange_spaces_are_numbers() -> None:
    jobs, _ = tspl_jobs(b'CLS\r\nTEXT \x1d9,\x1c9,"3",0,1,1,"x"\r\nPRINT \x1f2\r\n')
    assert [(job.copies, job.texts) for job in jobs] == [(2, ("x",))]


def test_orders_are_found_in_pieces_and_once() -> None:
    at_once = AtOnce()
    found = [order for byte in b"x\x1b!?\x1b\x1b!S~!T\x1b!R" for order in at_once.feed(bytes([byte]))]
    assert found == ["?", "S", "~T", "R"]
