"""Rows out of an uploaded file: NDJSON, JSON array or CSV, one at a time, each with its number."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from coordinator.errors import InvalidRequest, TooLarge
from coordinator.handlers.importing import NumberedRow, RowError
from domain.limits import MAX_BARCODES

MAX_ROW_BYTES = 64 * 1024
MAX_ARRAY_BYTES = 16 << 20
"""A JSON array is read whole; longer files come as NDJSON."""
MEDIA_TYPES = ("application/x-ndjson", "text/csv", "application/json")

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def rows(file: IO[bytes], media_type: str) -> Iterator[NumberedRow]:
    """Yield the rows of ``file``.

    Raises:
        InvalidRequest: the file as a whole cannot be read.
        TooLarge: a JSON array beyond ``MAX_ARRAY_BYTES``.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "application/x-ndjson":
        return _ndjson(file)
    if kind == "application/json":
        return _array(file)
    if kind == "text/csv":
        return _csv(file)
    raise InvalidRequest(f"content type {kind or '(none)'!r} is not one of {', '.join(MEDIA_TYPES)}")


def _ndjson(file: IO[bytes]) -> Iterator[NumberedRow]:
    for number, line in enumerate(iter(lambda: file.readline(MAX_ROW_BYTES + 1), b""), 1):
        if len(line) > MAX_ROW_BYTES:
            raise InvalidRequest(f"row {number} is longer than {MAX_ROW_BYTES} bytes: is the file NDJSON?")
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: bytes) -> NumberedRow:
    try:
        return NumberedRow(number, _decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return NumberedRow(
            number, RowError(number, "row", line[:200].decode(errors="replace"), f"a JSON object: {error}")
        )


def _array(file: IO[bytes]) -> Iterator[NumberedRow]:
    raw = file.read(MAX_ARRAY_BYTES + 1)
    if len(raw) > MAX_ARRAY_BYTES:
        raise TooLarge(f"a JSON array may have {MAX_ARRAY_BYTES} bytes: send application/x-ndjson")
    try:
        parts = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is no JSON array of objects: {error}") from error
    return (_row(number, bytes(part)) for number, part in enumerate(parts, 1))


def _csv(file: IO[bytes]) -> Iterator[NumberedRow]:
    text = io.TextIOWrapper(file, "utf-8-sig", errors="strict", newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header or len(set(header)) != len(header):
            raise InvalidRequest(f"the first line must name each column once, it is {header!r}")
        for number, values in enumerate(reader, 1):
            if any(value.strip() for value in values):
                yield _csv_row(number, header, values)
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"the file is not UTF-8 (byte {error.object[error.start]:#04x}): save it as CSV UTF-8"
        ) from error
    except csv.Error as error:
        raise InvalidRequest(f"line {reader.line_num} is no CSV: {error}") from error
    finally:
        text.detach()


def _csv_row(number: int, header: list[str], values: list[str]) -> NumberedRow:
    if len(values) != len(header):
        return NumberedRow(
            number, RowError(number, "row", str(len(values)), f"{len(header)} columns as in the first line")
        )
    fields: dict[str, Any] = {name: value.strip() for name, value in zip(header, values, strict=True) if value.strip()}
    if "barcodes" in fields:
        fields["barcodes"] = [
            _barcode(code) for code in fields["barcodes"].split(";")[: MAX_BARCODES + 1] if code.strip()
        ]
    return NumberedRow(number, fields)


def _barcode(text: str) -> Any:
    """``6901234567892`` or ``16901234567899=12000`` (thousandths of the base unit)."""
    code, found, factor = text.strip().partition("=")
    return {"code": code, "factor_milli": factor} if found else code
