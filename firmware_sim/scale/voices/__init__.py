"""How scales answer, one class for each protocol (device reference §4): bytes from the host in, bytes of the scale out."""

from collections.abc import Callable

from firmware_sim.scale.physics import Platter
from firmware_sim.scale.voices.cas import Cas, Cas22, Os2, Os2Continuous
from firmware_sim.scale.voices.icl import Icl
from firmware_sim.scale.voices.nci import Nci, Nci7800
from firmware_sim.scale.voices.text import Reversed, Text
from firmware_sim.scale.voices.toledo import Toledo8217
from firmware_sim.scale.voices.voice import Look, Voice

VOICES: dict[str, Callable[[Platter, Look, Callable[[], float]], Voice]] = {
    "toledo8217": Toledo8217,
    "nci_ecr": Nci,
    "nci_7800": Nci7800,
    "cas": Cas,
    "os2": Os2,
    "os2_continuous": Os2Continuous,
    "cas22": Cas22,
    "icl": Icl,
    "text": Text,
    "reversed": Reversed,
}
