"""How a model's serial line is set where the settings do not say it."""

import msgspec

from devices.surroundings import Surroundings


def on_line(around: Surroundings, line: str) -> Surroundings:
    """Return surroundings in which a serial address that says nothing of its line has the model's."""

    def resolve(address: str) -> str:
        path = around.resolve(address)
        if path.startswith("/"):
            path = f"serial:{path}"
        return f"{path}?{line}" if path.startswith("serial:") and "?" not in path else path

    return msgspec.structs.replace(around, resolve=resolve)
