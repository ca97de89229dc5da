"""Codes out of pictures and frames: intake with limits (``picture``), our own reader (``reader``), votes over frames (``voter``).

``numpy`` and OpenCV are loaded with ``reader``; a store without cameras imports none of it.
"""
