"""Label printers in TSPL: a language for the press."""

from devices.label import LabelDocument
from devices.label_tspl.codec import ASK_BYTE, ASK_LINE, BuiltIn, ReplyDecoder, format_of
from devices.label_tspl.model import MODELS, TsplModel
from devices.labelling.language import check_width
from devices.labelling.lettering import lettering
from devices.labelling.press import LabelPress, PressOptions
from devices.labelling.setting import Setter
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings


class Tspl:
    """TSPL as ``model`` speaks it; see ``Language``."""

    def __init__(self, model: TsplModel, font: str = "", face: int = 0) -> None:
        self.question = {"byte": ASK_BYTE, "line": ASK_LINE, "none": b""}[model.status]
        self.counts, self.counts_current, self.settle_s = False, True, model.settle_s
        self._model, self._font = model, (font, face)

    def encode(self, document: LabelDocument, copies: int) -> bytes:
        """Return the lines of one label; see ``Language.encode``."""
        check_width(document, self._model.width_mm)
        setter = Setter(self._model.dots_per_mm, lettering(*self._font), BuiltIn(self._model))
        return format_of(setter.set(document), document.width_mm, document.height_mm, copies, self._model)

    def resync(self, unsaid: int) -> bytes:
        """Return white dots that end a picture which the printer may be in the middle of; elsewhere they are a line it cannot read."""
        return b"\xff" * unsaid + b"\r\n" if unsaid else b""

    def decoder(self) -> ReplyDecoder:
        """Return a fresh decoder."""
        return ReplyDecoder(self._model.status)


def build(settings: DeviceSettings, around: Surroundings) -> LabelPress:
    """Return the driver for ``settings``.

    Raises:
        DeviceMisconfigured: unknown model or option, or an address that is not understood.
    """
    options = options_of(settings, PressOptions)
    language = Tspl(MODELS.named(settings.profile or "generic-203"), options.font, options.face)
    return LabelPress(settings.device_id, settings.address, language, options, around)
