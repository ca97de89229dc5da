"""Bytes of a wire into words, protocol by protocol: what stands behind ``shopwire devices decode PROTOCOL HEX…``.

Each codec has a function ``explain(data) -> list[Meaning]``: all frames in ``data``, in order, what is no frame among them as well.
It never raises, whatever the bytes.
"""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from devices.meaning import Meaning

Explain = Callable[[bytes], list[Meaning]]


def _in(target: str) -> Explain:
    """Return the function ``module:name``, which is imported when it is called first."""
    module, _, name = target.partition(":")

    def explain(data: bytes) -> list[Meaning]:
        return cast(Explain, getattr(import_module(module), name))(data)

    return explain


# One line a protocol, in alphabetical order; the name is what a person types.
PROTOCOLS: dict[str, Explain] = {
    "display": _in("devices.display_serial.codec:explain"),
    "drawer": _in("devices.drawer_escpos.codec:explain"),
    "esl": _in("devices.esl_gateway.codec:explain"),
    "label-tspl": _in("devices.label_tspl.codec:explain"),
    "label-zpl": _in("devices.label_zpl.codec:explain"),
    "light": _in("devices.light_relay.codec:explain"),
    "printer": _in("devices.printer_escpos.codec:explain"),
    "scale-cas": _in("devices.scale_serial.protocols.cas:explain"),
    "scale-cas-prices": _in("devices.scale_serial.protocols.cas:explain_prices"),
    "scale-cas22": _in("devices.scale_serial.protocols.cas22:explain"),
    "scale-dialog06": _in("devices.scale_dialog06.codec:explain"),
    "scale-icl": _in("devices.scale_serial.protocols.icl:explain"),
    "scale-nci": _in("devices.scale_serial.protocols.nci_ecr:explain"),
    "scale-os2": _in("devices.scale_serial.protocols.cas:explain_os2"),
    "scale-toledo8217": _in("devices.scale_serial.protocols.toledo8217:explain"),
    "scanner": _in("devices.scanner_serial.codec:explain"),
    "scanner-hid": _in("devices.scanner_hid.codec:explain"),
    "scanner-ssi": _in("devices.scanner_ssi.codec:explain"),
}
