"""Label printers in ZPL II: a language for the press."""

from devices.label import LabelDocument
from devices.label_zpl.codec import ASK_STATUS, Identity, Latin, ReplyDecoder, format_of
from devices.label_zpl.model import MODELS, ZplModel
from devices.labelling.language import check_width
from devices.labelling.lettering import lettering
from devices.labelling.press import LabelPress, PressOptions
from devices.labelling.setting import Setter
from devices.ports.label import LabelStatus
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings


class Zpl:
    """ZPL II as ``model`` speaks it; see ``Language``."""

    def __init__(self, model: ZplModel, font: str = "", face: int = 0) -> None:
        self.question = ASK_STATUS if model.answers else b""
        self.counts, self.counts_current, self.settle_s = True, model.counts_current, model.settle_s
        self._model, self._font = model, (font, face)

    def encode(self, document: LabelDocument, copies: int) -> bytes:
        """Return one format; see ``Language.encode``."""
        check_width(document, self._model.width_mm)
        setter = Setter(self._model.dots_per_mm, lettering(*self._font), Latin(self._model))
        sides = setter.dots(document.width_mm), setter.dots(document.height_mm)
        return format_of(setter.set(document), *sides, copies, self._model)

    def resync(self, unsaid: int) -> bytes:
        """Return nothing: ^XA begins anew wherever the printer stands."""
        del unsaid
        return b""

    def decoder(self) -> "StatusDecoder":
        """Return a fresh decoder."""
        return StatusDecoder()


class StatusDecoder:
    """Of what the printer says only its states; who it is matters to nobody who prints."""

    def __init__(self) -> None:
        self._replies = ReplyDecoder()

    def feed(self, data: bytes) -> list[LabelStatus]:
        """Return the states completed by ``data``."""
        return [answer for answer in self._replies.feed(data) if not isinstance(answer, Identity)]


def build(settings: DeviceSettings, around: Surroundings) -> LabelPress:
    """Return the driver for ``settings``.

    Raises:
        DeviceMisconfigured: unknown model or option, or an address that is not understood.
    """
    options = options_of(settings, PressOptions)
    language = Zpl(MODELS.named(settings.profile or "generic-203"), options.font, options.face)
    return LabelPress(settings.device_id, settings.address, language, options, around)
