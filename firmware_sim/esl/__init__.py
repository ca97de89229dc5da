"""Electronic shelf labels behind a gateway over HTTP (reference §2.3): tags that sleep, lose power, stay away, or say no.

    async with EslSim(TcpWire(), tags=("A1", "A2")) as gateway:
        gateway.handle({"tag": "A1", "mode": "offline"})
        gateway.shows()    # {"tags": {"A1": {"shows": "u-1", "price": 1280, "battery": 90, …}}, …}

As a child: ``python -m firmware_sim.esl --port 0 --tags 20`` (see its ``--help``).
"""

from firmware_sim.esl.gateway import EslSim
from firmware_sim.esl.tags import MODES, Tag

__all__ = ["MODES", "EslSim", "Tag"]
