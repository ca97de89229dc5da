"""Every application identifier of the GS1 syntax dictionary: its length, its separator, and that nothing else passes for it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.catalogue import check_digit
from domain.gs1 import GS, ElementString, parse_element_string
from tests.corpora import corpus

ROW = re.compile(
    r"(\d{2,4})(?:-(\d{2,4}))?\s+([*?\"!$%&'()+,\-./:;<=>@\[\\\]^_`{|}~ ]*?)\s*((?:\[?[NXYZ](?:\.\.)?\d+\S*\s+)+)"
)
COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?(\S*)")
SAID = {
    "csum": "", "yymmd0": "260100", "yymmdd": "260101", "yyyymmdd": "20260101", "hhmi": "1200", "hh": "12", "mi": "30", "ss": "30",
    "iso4217": "156", "iso3166": "156", "iso3166999": "156", "iso3166alpha2": "CN", "iso5218": "1", "pieceoftotal": "0102",
    "yesno": "1", "winding": "1", "zero": "0", "nonzero": "1", "latitude": "0900000000", "longitude": "1800000000",
    "packagetype": "AA", "mediatype": "01", "posinseqslash": "1/2", "hyphen": "-", "pcenc": "A",
}  # fmt: skip
"""What stands in a component that has a rule of its own."""

BEYOND_A_TILL = {"8007", "8010", "8013", "8030", "8110", "8112", "7040", "7041"}
"""Bank accounts, component parts, global models, signatures, coupons of North America: their inner rules nobody here needs."""
NEEDS: dict[str, str] = {"02": "37|00", "37": "00", "30": "01", "392": "01|3103", "393": "01|3103"}
"""Identifiers that stand with others in a shop (``domain.gs1``): these are put before them."""


class Identifier(NamedTuple):
    """One row of the dictionary for one identifier."""

    ai: str
    predefined: bool
    components: tuple[str, ...]

    @property
    def fixed(self) -> bool:
        return not any(".." in component or component.startswith("[") for component in self.components)


def identifiers() -> Iterator[Identifier]:
    for line in (corpus("gs1-syntax-dictionary") / "gs1-syntax-dictionary.txt").read_text("utf-8").splitlines():
        if row := ROW.match(line + "  "):
            first, last, flags, components = row[1], row[2] or row[1], row[3], tuple(row[4].split())
            for number in range(int(first), int(last) + 1):
                yield Identifier(str(number).zfill(len(first)), "*" in flags, components)


def value_of(identifier: Identifier) -> str:
    """Return the shortest value that every rule of the dictionary lets pass."""
    return "".join(map(_part, identifier.components))


def _part(component: str) -> str:
    found = COMPONENT.fullmatch(component)
    assert found, component
    optional, kind, range_, size, rules = found.groups()
    if optional:
        return ""
    length = 1 if range_ else int(size)
    rule = next((each for each in rules.split(",") if each in SAID), None)
    if rule == "csum":
        body = "690123456789012345"[: length - 1]
        return body + str(check_digit(body))
    if rule is not None:
        return SAID[rule][:length].ljust(length, "0" if kind == "N" else "A")
    return ("1" if kind == "N" else "A") * length


def test_every_identifier_by_length_and_separator() -> None:
    known = [each for each in identifiers() if each.ai not in BEYOND_A_TILL]
    values = {each.ai: value_of(each) for each in known}
    assert len(known) > 500
    for each in known:
        whole = before(each.ai, values) + each.ai + values[each.ai]
        separator = "" if each.predefined else GS
        other = "10AB" if each.ai == "99" else "99AB"
        for message in (whole, whole + separator + other, whole + GS + other, GS + whole + GS):
            found = parse_element_string(message)
            assert isinstance(found, ElementString), (each, message, found)
            assert found.ais[each.ai] == values[each.ai], (each, message)
        if each.fixed:
            for wrong in (whole[:-1], whole + "1"):
                found = parse_element_string(wrong)
                assert isinstance(found, str), (each, wrong, found)


def test_an_identifier_that_is_not_in_the_dictionary_is_refused() -> None:
    known = {each.ai for each in identifiers()}
    for number in range(10_000):
        ai = f"{number:04d}"
        if not any(ai[:size] in known for size in (2, 3, 4)):
            assert isinstance(parse_element_string(ai + "1" * 20), str), ai


def before(ai: str, values: dict[str, str]) -> str:
    """Return the identifiers that a shop wants beside ``ai``, as they stand before it."""
    return "".join(each + values[each] + GS for each in NEEDS.get(ai, NEEDS.get(ai[:3], "")).split("|") if each)
