"""What is attached and what the store file configures, matched."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import count
from typing import Any

from devices.identity import Identity, stable_address
from devices.inventory import Peripheral
from devices.registry import KINDS, DeviceSettings
from edge_agent.identities import unit_at
from edge_agent.tables import padded, width
from edge_agent.texts import Texts, how

Row = dict[str, Any]

KIND_OF = {
    ("serial", "Scanner"): "scanner_serial",
    ("serial", "Scale"): "scale_serial",
    ("serial", "POSPrinter"): "printer_escpos",
    ("serial", "LineDisplay"): "display_serial",
    ("input", "Scanner"): "scanner_hid",
    ("printer", "POSPrinter"): "printer_escpos",
    ("printer", "LabelPrinter"): "label_zpl",
    ("video", "ImageScanner"): "camera_stream",
}
"""The kind to write into a store file for what was found: a guess that ``probe`` makes sure of."""
_TSPL_MAKERS = ("1203",)


def kind_for(one: Peripheral) -> str:
    """Return the driver that is likely for ``one``, empty when nobody can tell."""
    if one.device_class == "LabelPrinter" and one.usb_id.startswith(_TSPL_MAKERS):
        return "label_tspl"
    wedge = one.line == "input" and one.device_class in ("", "Scanner")
    kind = "scanner_hid" if wedge else KIND_OF.get((one.line, one.device_class), "")
    return kind if kind in KINDS else ""


def rows_of(
    devices: Sequence[DeviceSettings],
    attached: Sequence[Peripheral],
    states: Mapping[str, Mapping[str, Any]],
    units: Mapping[str, Identity],
) -> list[Row]:
    """Return one row for each configured device, then one for each thing that is attached and that no device uses.

    Args:
        devices: of the store file.
        attached: what is there.
        states: of a running agent, by device id; empty when nobody was asked.
        units: who each device was when it was last seen.
    """
    rows: list[Row] = []
    used: set[str] = set()
    for device in devices:
        one = unit_at(device.address, attached)
        used |= {one.node} if one is not None else set()
        rows.append(_configured(device, one, states.get(device.device_id, {}), units.get(device.device_id)))
    return rows + [_loose(one, attached) for one in attached if one.node not in used]


def _configured(device: DeviceSettings, one: Peripheral | None, state: Mapping[str, Any], unit: Identity | None) -> Row:
    return {
        "what": "device",
        "device_id": device.device_id,
        "class": KINDS.get(device.kind, ""),
        "kind": device.kind,
        "address": device.address,
        "health": state.get("health", ""),
        "reason": state.get("reason", ""),
        "since_at": state.get("since_at", ""),
        "node": one.node if one is not None else "",
        "unit": _who(one) if one is not None else (unit.said() if unit is not None else ""),
    }


def _loose(one: Peripheral, attached: Sequence[Peripheral]) -> Row:
    return {
        "what": "attached",
        "class": one.device_class,
        "kind": kind_for(one),
        "address": stable_address(one, attached),
        "node": one.node,
        "line": one.line,
        "vendor": one.vendor,
        "product": one.product,
        "serial": one.serial,
        "port": one.port,
        "usb_id": one.usb_id,
        "unit": _who(one),
    }


def _who(one: Peripheral) -> str:
    named = " ".join(part for part in (one.vendor, one.product) if part)
    return ", ".join(part for part in (named or one.usb_id, one.serial, one.port) if part)


def lines_of(rows: Sequence[Row], texts: Texts) -> Iterator[str]:
    """Yield the rows for a person: what is configured, then what is attached besides."""
    configured = [row for row in rows if row["what"] == "device"]
    loose = [row for row in rows if row["what"] == "attached"]
    wide = max((width(row["address"]) for row in rows), default=0)
    yield texts["desk.configured"].format(count=len(configured))
    for row in configured:
        health = how(row, texts) if row["health"] else texts["desk.not_asked"]
        yield f"  {padded(row['device_id'], 14)} {row['kind']:<16} {padded(row['address'] or '-', wide)} {health}"
        if row["unit"]:
            yield f"  {'':<14} {row['unit']}"
    yield texts["desk.attached"].format(count=len(loose))
    for row in loose:
        what = row["kind"] or row["class"] or texts["desk.unknown"]
        yield f"  {row['node']:<14} {padded(what, 16)} {padded(row['address'], wide)} {row['unit']}".rstrip()


def entries_of(rows: Sequence[Row]) -> Iterator[str]:
    """Yield store file entries for what is attached and not configured yet; what nobody can tell is a comment."""
    taken = {row["device_id"] for row in rows if row["what"] == "device"}
    for row in rows:
        if row["what"] != "attached":
            continue
        name = _free_name((row["kind"] or row["line"]).partition("_")[0], taken)
        taken.add(name)
        lines = [
            "[[devices]]",
            f"device_id = {_quoted(name)}",
            f"kind = {_quoted(row['kind'])}",
            f"address = {_quoted(row['address'])}",
        ]
        yield f"# {row['unit']}"
        mark = "" if row["kind"] else "# "
        yield from (mark + line for line in lines)
        yield ""


def _free_name(stem: str, taken: Set[str]) -> str:
    return next(name for number in count(1) if (name := f"{stem}-{number}") not in taken)


def _quoted(text: str) -> str:
    """Return a TOML string: whoever builds a USB device chooses its serial number."""
    return json.dumps(text, ensure_ascii=False)
