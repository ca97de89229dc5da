"""What to do about a device that does not work, by what it says of itself."""

_STEPS = (
    (("its printer",), "device_neighbour"),
    (("paper", "roll", "labels"), "device_paper"),
    (("cover", "head open"), "device_cover"),
    (("permission",), "device_rights"),
    (("lock", "busy", "exclusive"), "device_taken"),
    (
        (
            "no such",
            "not attached",
            "refused",
            "no answer",
            "hung up",
            "unreachable",
            "closed the connection",
            "not answer",
        ),
        "device_cable",
    ),
    (("its driver",), "device_driver"),
)


def next_step(reason: str) -> str:
    """Return the key of what to do next (``next.<key>``): the first cause whose words stand in ``reason``."""
    said = reason.lower()
    return next((then for words, then in _STEPS if any(word in said for word in words)), "device_runbook")
