"""The protocols of serial scales by name; adding one is a file here and a line in ``LANGUAGES``."""

from devices.scale_serial.codec import Language
from devices.scale_serial.protocols import cas, cas22, icl, nci_ecr, toledo8217

LANGUAGES: dict[str, Language] = {
    "toledo8217": toledo8217.LANGUAGE,
    "nci_ecr": nci_ecr.LANGUAGE,
    "cas": cas.LANGUAGE,
    "cas_prices": cas.PRICES,
    "os2": cas.OS2,
    "os2_continuous": cas.OS2_CONTINUOUS,
    "cas22": cas22.LANGUAGE,
    "icl": icl.LANGUAGE,
}
