"""A provider of payments by code on loopback, with every awkward answer that providers give (device reference §7.1).

    async with PaymentSim(secret=b"…") as provider:
        ask(provider.address)                            # http://127.0.0.1:PORT
        provider.handle({"answer": "password"})          # from now on shoppers have to confirm
        provider.handle({"shopper": "pays"})

Its book is in ``book``, its door with signatures and faults in ``server``.
"""

from firmware_sim.payment.server import FAULTS, PaymentSim

__all__ = ["FAULTS", "PaymentSim"]
