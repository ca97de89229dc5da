"""Scales on a serial line that answer with a weight: one driver, the protocols and the models are data."""
