"""A card terminal that speaks nexo Retailer over TCP: JSON after four bytes of length (device reference §7.2).

    async with TerminalSim(TcpWire()) as terminal:
        connect_to(terminal.address)                     # tcp:127.0.0.1:PORT
        terminal.handle({"answer": "password"})          # from now on cards need a while
        terminal.handle({"card": "taps"})

The messages are in ``nexo``; what hands and cards do is in ``device``.
"""

from firmware_sim.terminal.device import CHOICES, TerminalSim

__all__ = ["CHOICES", "TerminalSim"]
