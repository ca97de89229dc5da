"""The line between a store and headquarters: a TCP proxy that is slow, cut, deaf or dead on demand.

Example::

    async with Line("127.0.0.1", broker_port) as line:
        connect_to("127.0.0.1", line.port)
        line.weather = Weather(delay_s=0.3, rate_bytes_s=16_000)
        line.cut()        # every connection reset, new ones refused
        line.restore()
"""

from firmware_sim.line.line import Line, LineState
from firmware_sim.line.road import Counters, Weather

__all__ = ["Counters", "Line", "LineState", "Weather"]
