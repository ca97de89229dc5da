"""A scale on its wire: physics once, a voice for each protocol.

    async with ScaleSim(PtyWire(), "toledo8217") as scale:
        scale.handle({"put": 412}); scale.handle({"take": True}); scale.handle({"fault": "unplug"})
        scale.shows()

Written from the device reference (§4). Alone: ``python -m firmware_sim.scale --voice cas --link /tmp/scale``.
"""

from firmware_sim.scale.device import COMMANDS, PROFILES, VOICE_NAMES, ScaleSim

__all__ = ["COMMANDS", "PROFILES", "VOICE_NAMES", "ScaleSim"]
