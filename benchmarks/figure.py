"""One measured figure beside what it is measured against."""

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """``ratio`` = value / reference_value; ``reference`` says in words what stands beside the value, in the same unit."""

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratio: float


def figure(name: str, value: float, unit: str, reference: str, reference_value: float) -> Figure:
    """Return a figure with its ratio, rounded to what a reader can use."""
    ratio = value / reference_value if reference_value else float("inf")
    return Figure(name, round(value, 4), unit, reference, round(reference_value, 4), round(ratio, 4))


def percentile(samples: list[float], percent: float) -> float:
    """Return the nearest-rank percentile of ``samples`` (at least one)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]
