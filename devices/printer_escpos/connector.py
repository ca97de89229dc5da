"""The socket for a cash drawer: when a drawer may have its pulse, and which. No clock, no I/O."""

from devices.errors import DeviceIncapable, DeviceUnavailable
from devices.ports import PrinterStatus
from devices.printer_escpos.codec import pulse_now
from devices.printer_escpos.encoder import drawer_pulse
from devices.printer_escpos.profile import PrinterProfile
from devices.printer_escpos.session import fault_of

PULSE_GUARD_S = 1.0
"""A drawer that has just had a pulse gets no second one: coils burn, and some boards fire twice by themselves."""


class Connector:
    """The drawer's connector of one printer."""

    def __init__(self, device_id: str, profile: PrinterProfile) -> None:
        self._device_id, self._profile = device_id, profile
        self._pulsed_s = -PULSE_GUARD_S

    def pulsed(self, now_s: float) -> None:
        """Take that the drawer has just had a pulse, by itself or with a receipt."""
        self._pulsed_s = now_s

    def may_pulse(self, now_s: float) -> bool:
        """Whether the drawer may have another pulse; monotonic seconds.

        Raises:
            DeviceIncapable: this model has no connector.
        """
        if not self._profile.drawer:
            raise DeviceIncapable(self._device_id, "open a drawer")
        return now_s - self._pulsed_s >= PULSE_GUARD_S

    def command(self, pin: int, status: PrinterStatus) -> bytes:
        """Return the pulse for pin 2 or 5 of a printer that is in ``status``.

        Raises:
            DeviceUnavailable: it stands still: then only the drawer's key opens it.
        """
        at_once = self._profile.realtime_pulse
        # A queued pulse would wait in the buffer of a printer that stands still, and open the drawer minutes later.
        if (stands := fault_of(status, self._device_id)) is not None and (status.fault or not at_once):
            raise DeviceUnavailable(self._device_id, f"{stands}; open the drawer with its key")
        return pulse_now(pin, self._profile.drawer_on_ms) if at_once else drawer_pulse(self._profile, pin)
