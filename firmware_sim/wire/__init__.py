"""What every simulated device hangs on: a pseudo-terminal or a TCP port, with the faults a cable can have.

    async with PtyWire(link=Path("/tmp/scale")) as wire:
        wire.receive = lambda data: wire.send(b"answer")
        wire.slow(1); wire.freeze(True); wire.unplug(); wire.replug()

Written from the device reference (§1.1 pty, §1.7). Both kinds behave alike: bytes that arrive are given to ``receive``
in the order in which they came; ``send`` queues and never waits; one pump a wire writes, as fast as the line allows.
What speaks HTTP with many callers at once stands behind a ``Door``.
"""

from firmware_sim.wire.device import SimulatedDevice
from firmware_sim.wire.door import Door
from firmware_sim.wire.faults import FAULTS, Wire
from firmware_sim.wire.pty import PtyWire
from firmware_sim.wire.tcp import TcpWire

__all__ = ["FAULTS", "Door", "PtyWire", "SimulatedDevice", "TcpWire", "Wire"]
