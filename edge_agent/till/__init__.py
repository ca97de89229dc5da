"""A small text till over the control socket of a running edge."""
