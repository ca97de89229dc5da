"""The shelf: which simulator stands in for which driver, and which face it has on the page. One row a kind.

A simulator is imported when a store file needs it: a bench without a camera does not load a camera's libraries.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from firmware_sim.bench.address import http_of, is_network, link_of, network_of
from firmware_sim.bench.errors import StoreFileUnusable
from firmware_sim.bench.goods import goods
from firmware_sim.bench.stand import NORMAL, Album, Device, Model
from firmware_sim.bench.store_file import Entry
from firmware_sim.wire import PtyWire, TcpWire, Wire

if TYPE_CHECKING:
    from firmware_sim.camera import CameraSim
    from firmware_sim.label import LabelSim
    from firmware_sim.printer import PrinterSim

_LABEL_S = 0.3
_TAGS = tuple(f"T{number:03}" for number in range(1, 9))
_TAG_SLEEPS_S = 0.5
_THREE = (NORMAL, "mute", "garbage")
_FOUR = (NORMAL, "mute", "clone", "garbage")


def wire_of(entry: Entry) -> Wire:
    """Return a wire (not plugged in) that ends where the edge looks for the device.

    Raises:
        StoreFileUnusable: no simulator may stand there.
    """
    if is_network(entry.address):
        network = network_of(entry)
        return TcpWire(network.host, network.port)
    return PtyWire(link_of(entry))


def _camera(_: Entry) -> Model:
    from firmware_sim.camera import CameraSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        network = http_of(entry)
        return CameraSim(network.host, network.port)

    return Model("camera", build, album=_Lens)


def _display(entry: Entry) -> Model:
    from firmware_sim.display import MODELS, DisplaySim

    model = next((name for name in MODELS if entry.profile.startswith(name)), MODELS[0])

    def build(entry: Entry, _: str, __: Path) -> Device:
        return DisplaySim(wire_of(entry), model)

    return Model("price_display" if model == "led8" else "display", build)


def _esl(_: Entry) -> Model:
    from firmware_sim.esl import EslSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        gateway = EslSim(wire_of(entry), _TAGS, delay_s=_TAG_SLEEPS_S)
        for name, good in zip(_TAGS, goods().scan, strict=False):  # as whoever hung them up wrote them
            content = {"template": "shelf", "item": good.code, "price": good.price_minor, "currency": "CNY"}
            words = {"name": good.zh, "name_en": good.en}
            gateway.tags[name].show({"id": "", **content, "updated_at": "2026-01-01T00:00:00+00:00", "fields": words})
        return gateway

    return Model("esl", build)


def _label(language: Literal["zpl", "tspl"], entry: Entry) -> Model:
    from firmware_sim.label import PROFILES, LabelSim, model_of

    dpi = 300 if entry.profile.endswith("300") else 203

    def build(entry: Entry, profile: str, folder: Path) -> Device:
        # A label takes a moment, so that hands on the page find time to pull the roll out.
        model = model_of(language, profile, dpi=dpi)
        return LabelSim(wire_of(entry), language, profile, out_dir=folder, label_s=_LABEL_S, model=model)

    return Model("label", build, tuple(PROFILES), _Labels)


def _light(_: Entry) -> Model:
    from firmware_sim.light import LightSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        return LightSim(wire_of(entry))

    return Model("light", build)


def _payment(_: Entry) -> Model:
    from firmware_sim.payment.server import BENCH_SECRET, PaymentSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        network = http_of(entry)
        secret = secret_in(entry, BENCH_SECRET)
        return PaymentSim(
            network.host, network.port, merchant=str(entry.options.get("merchant", "bench")), secret=secret
        )

    return Model("payment", build)


def secret_in(entry: Entry, of_the_bench: bytes) -> bytes:
    """Return the secret that both sides have: what the driver's ``secret_file`` says, where the bench's own is put when there is none.

    Raises:
        StoreFileUnusable: the file cannot be read or written.
    """
    file = Path(str(entry.options.get("secret_file", "")))
    if not file.name:
        return of_the_bench
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(0o600)
            file.write_bytes(of_the_bench)
        return file.read_bytes().strip()
    except OSError as error:
        raise StoreFileUnusable(f"device {entry.device_id}: secret_file {file}: {error.strerror}") from error


def _printer(entry: Entry) -> Model:
    from firmware_sim.printer import PROFILES, PrinterSim
    from firmware_sim.printer.lines import PrinterPty, PrinterTcp

    def build(entry: Entry, profile: str, folder: Path) -> Device:
        network = network_of(entry) if is_network(entry.address) else None
        wire = PrinterTcp(network.host, network.port) if network else PrinterPty(link_of(entry))
        return PrinterSim(wire, out_dir=folder, model=profile)

    # The edge's profile says what the shop bought; where the simulator has that very model, it stands here.
    first = entry.profile if entry.profile in PROFILES else NORMAL
    return Model("printer", build, tuple(dict.fromkeys((first, *_FOUR, *PROFILES))), _album_of)


def _serial_scanner(entry: Entry) -> Model:
    from firmware_sim.scanner import LineScannerSim
    from firmware_sim.scanner.line import SUFFIXES
    from firmware_sim.scanner.orders import MAKERS

    suffix = str(entry.options.get("suffix", "any"))
    prefix = str(entry.options.get("prefix", ""))

    def build(entry: Entry, profile: str, _: Path) -> Device:
        return LineScannerSim(
            wire_of(entry),
            suffix=suffix if suffix in SUFFIXES else "crlf",
            prefix=prefix.encode(),
            maker=entry.profile if entry.profile in MAKERS else "generic",
            ids=str(entry.options.get("ids", "aim")),
            profile=profile,
        )

    return Model("scanner", build, _FOUR)


def _ssi_scanner(_: Entry) -> Model:
    from firmware_sim.scanner import SsiScannerSim

    def build(entry: Entry, profile: str, _: Path) -> Device:
        return SsiScannerSim(wire_of(entry), profile=profile)

    return Model("scanner", build, _FOUR)


def _hid_scanner(_: Entry) -> Model:
    from firmware_sim.scanner import HidScannerSim

    def build(entry: Entry, profile: str, _: Path) -> Device:
        return HidScannerSim(wire_of(entry), prefix=str(entry.options.get("prefix", "")), profile=profile)

    return Model("scanner", build, _FOUR)


_VOICES = {
    "nci": "nci_ecr",
    "weigh-tronix": "nci_7800",
    "cas-continuous": "cas22",
    "cas": "cas",
    "pinnacle-os2-continuous": "os2_continuous",
    "pinnacle-os2": "os2",
    "icl": "icl",
    "yaohua-reversed": "reversed",
    "text": "text",
    "yaohua": "text",
}


def _scale(entry: Entry) -> Model:
    """Return the scale that speaks what the profile's name says: ``generic-cas``, ``pinnacle-os2`` …; else Toledo 8217."""
    name = entry.profile.removeprefix("generic-")
    return _scale_speaking(next((voice for start, voice in _VOICES.items() if name.startswith(start)), "toledo8217"))


def _scale_speaking(voice: str) -> Model:
    from firmware_sim.scale import ScaleSim

    def build(entry: Entry, profile: str, _: Path) -> Device:
        return ScaleSim(wire_of(entry), voice, profile=profile)

    return Model("scale", build, _THREE)


def _screen(_: Entry) -> Model:
    from firmware_sim.bench.screen import ScreenSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        return ScreenSim(network_of(entry))

    return Model("screen", build)


def _terminal(_: Entry) -> Model:
    from firmware_sim.terminal import TerminalSim

    def build(entry: Entry, _: str, __: Path) -> Device:
        return TerminalSim(wire_of(entry), poi_id=str(entry.options.get("poi_id", "terminal-1")))

    return Model("terminal", build)


class _Labels:
    """The labels that came out, each a picture."""

    def __init__(self, printer: "LabelSim") -> None:
        self._files = {
            f"label-{label.number}": label.file for label in reversed(printer.labels) if label.file is not None
        }

    def names(self) -> list[str]:
        return list(self._files)

    def picture(self, name: str) -> bytes | None:
        file = self._files.get(name)
        return file.read_bytes() if file is not None and file.is_file() else None


class _Lens:
    """What a camera sees at this moment, as its only picture."""

    def __init__(self, camera: "CameraSim") -> None:
        self._camera = camera

    def names(self) -> list[str]:
        return ["now"]

    def picture(self, name: str) -> bytes | None:
        return self._camera.picture() if name == "now" else None


def _album_of(device: "PrinterSim") -> Album:
    return device.album


WITHOUT_HARDWARE = frozenset({"camera_file", "drawer_escpos"})
"""Kinds that no wire of their own leads to: photographs come through the till, a drawer hangs on its printer."""

SHELF: dict[str, Callable[[Entry], Model]] = {
    "camera_stream": _camera,
    "display_page": _screen,
    "display_serial": _display,
    "esl_gateway": _esl,
    "label_tspl": partial(_label, "tspl"),
    "label_zpl": partial(_label, "zpl"),
    "light_relay": _light,
    "payment_code": _payment,
    "printer_escpos": _printer,
    "scale_dialog06": lambda _: _scale_speaking("dialog06"),
    "scale_serial": _scale,
    "scanner_hid": _hid_scanner,
    "scanner_serial": _serial_scanner,
    "scanner_ssi": _ssi_scanner,
    "terminal_nexo": _terminal,
}
