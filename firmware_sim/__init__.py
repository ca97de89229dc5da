"""The hardware's side of the wire, and the wire itself: simulators that speak in bytes and break on demand.

Written from the device reference and never from the drivers, so that a misreading cannot hide in both.
Each simulator runs in process (async context manager) or as a child (``python -m firmware_sim.line``).
"""
