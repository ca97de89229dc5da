"""What is at the other end of an address: a few polite questions, none of which changes anything in a device.

A receipt printer is asked first, with a question that no device prints and that a printer answers even without paper. Whoever does not
answer it is heard as a scale. A scanner at rest says nothing: it is recognised by its USB identity, or by a code shown to it.
"""

import asyncio
from contextlib import suppress
from typing import Any

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.identity import resolve
from devices.inventory import Peripheral, inventory
from devices.transport import Transport
from devices.transport.address import PathAddress, open_transport, parse_address
from edge_agent.desk.listing import kind_for
from edge_agent.identities import unit_at

ANSWER_S = 0.6
MAX_ANSWER_BYTES = 256
_ASK_STATUS = b"\x10\x04\x01"
_ASK_MAKER, _ASK_MODEL = b"\x1d\x49\x42", b"\x1d\x49\x43"

Probed = dict[str, Any]


async def probe(address: str) -> Probed:
    """Return what an address leads to: ``class``, ``kind`` and what was ``said``; ``kind`` is empty when nobody can tell.

    Raises:
        DeviceMisconfigured: the address makes no sense.
        DeviceUnavailable: nothing is there, or another program holds it.
    """
    attached = await asyncio.to_thread(inventory)
    node = resolve(address, lambda: attached)
    one = unit_at(node, attached)
    found: Probed = {"address": address, "node": node, "class": "", "kind": "", "profile": "", "said": ""}
    if one is not None:
        found |= {"class": one.device_class, "kind": kind_for(one), "unit": one.product or one.usb_id}
    if _silent(node, one):
        return found
    return found | await _ask(node)


def _silent(node: str, one: Peripheral | None) -> bool:
    """Whether there is nobody to talk to: keyboards, cameras and chips only show themselves."""
    if node.startswith(("evdev:", "file:", "replay:")) or (one is not None and one.line in ("input", "video", "gpio")):
        return True
    where = parse_address(node)
    return isinstance(where, PathAddress) and where.scheme != "char"


async def _ask(node: str) -> Probed:
    transport = await open_transport(parse_address(node))
    try:
        if printer := await _as_printer(transport):
            return printer
        if node.startswith("char:"):
            return {}
        return await _as_scale(transport)
    finally:
        await transport.close()


async def _as_printer(transport: Transport) -> Probed:
    answer = await _answer(transport, _ASK_STATUS)
    if not answer or answer[-1] & 0b1001_0011 != 0b0001_0010:
        return {}
    maker, model = await _name(transport, _ASK_MAKER), await _name(transport, _ASK_MODEL)
    offline = bool(answer[-1] & 0b1000)
    said = " ".join(part for part in (maker, model) if part)
    return {"class": "POSPrinter", "kind": "printer_escpos", "said": said, "online": not offline}


async def _name(transport: Transport, question: bytes) -> str:
    """Return a text block (5F … 00), cleaned."""
    answer = await _answer(transport, question)
    start, end = answer.find(b"\x5f"), answer.rfind(b"\x00")
    if start < 0 or end < start:
        return ""
    return "".join(each for each in answer[start + 1 : end].decode("ascii", "replace") if each.isprintable())[:80]


async def _as_scale(transport: Transport) -> Probed:
    from devices.scale_serial.detect import detect

    found = await detect(transport)
    if found is None:
        return {}
    return {
        "class": "Scale",
        "kind": "scale_serial",
        "profile": found.model,
        "parity": found.parity.value,
        "said": type(found.reading).__name__,
    }


async def _answer(transport: Transport, question: bytes) -> bytes:
    """Return what comes back until it is silent for a while."""
    got = b""
    with suppress(TimeoutError, DeviceUnavailable):
        async with asyncio.timeout(ANSWER_S):
            await transport.write(question)
        while len(got) < MAX_ANSWER_BYTES:
            async with asyncio.timeout(ANSWER_S if not got else ANSWER_S / 3):
                got += await transport.read(MAX_ANSWER_BYTES - len(got))
    return got


def entry(found: Probed, name: str) -> str:
    """Return the store file entry for what was probed.

    Raises:
        DeviceMisconfigured: nobody could tell what it is.
    """
    if not found["kind"]:
        raise DeviceMisconfigured(f"{found['address']} did not say what it is: give its kind by hand")
    lines = ["[[devices]]", f'device_id = "{name}"', f'kind = "{found["kind"]}"', f'address = "{found["address"]}"']
    if found["profile"]:
        lines.append(f'profile = "{found["profile"]}"')
    if found.get("parity", "none") != "none":
        lines.append(f'options = {{ parity = "{found["parity"]}" }}')
    return "\n".join(lines)
