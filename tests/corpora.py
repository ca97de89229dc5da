"""Where the large test sets are, on machines that have them; tests that need more than ``tests/data`` skip elsewhere."""

import os
from pathlib import Path

import pytest


def corpus(name: str) -> Path:
    """Return the folder of one set: below ``SHOPWIRE_CORPORA``, or beside the checkout; skips the test without it."""
    root = Path(os.environ.get("SHOPWIRE_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
    if not (root / name).is_dir():
        pytest.skip(f"test set {name} is not on this machine (set SHOPWIRE_CORPORA to the folder that holds it)")
    return root / name
