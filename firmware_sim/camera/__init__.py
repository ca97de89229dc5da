"""A network camera on loopback: MJPEG over HTTP, with scenes to show and faults to inject (device reference §8).

    async with CameraSim() as camera:
        open_stream(camera.address)                      # http://127.0.0.1:PORT/stream.mjpg
        camera.handle({"show": ["6901234567892"]})
        camera.handle({"fault": "freeze"})

What it sees is drawn in ``scenes``; its door and its faults are in ``server``.
"""

from firmware_sim.camera.server import FAULTS, CameraSim

__all__ = ["FAULTS", "CameraSim"]
