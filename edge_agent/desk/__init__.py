"""The installer's desk, ``shopwire devices …``: what is attached, what it is, whether it works, what it says."""
