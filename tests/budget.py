"""How many generated inputs a parser is given: a normal run's worth, or a long run's with ``SHOPWIRE_LONG=1``."""

import os

LONG = os.environ.get("SHOPWIRE_LONG") == "1"
INPUTS = 1_000_000 if LONG else 10_000
