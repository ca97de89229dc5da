"""Counters for Prometheus, with labels that cannot grow: outcomes and states, never stores or edges."""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

OUTCOMES = (
    "applied",
    "duplicate",
    "gap",
    "stale",
    "damaged",
    "fork",
    "held",
    "hello",
    "newer",
    "refused",
    "malformed",
    "foreign_topic",
)
STATES = ("up_to_date", "behind", "silent", "held")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Telemetry:
    """All figures of one process; ``snapshot`` asks the database when Prometheus comes by."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.messages = Counter(
            "shopwire_ingest_messages", "Messages on up topics by what came of them", ["outcome"], registry=registry
        )
        self.events = Counter("shopwire_ingest_events", "Events by what came of them", ["result"], registry=registry)
        self.sales = Counter("shopwire_ingest_sales", "Sales booked", registry=registry)
        self.group_seconds = Histogram(
            "shopwire_ingest_group_seconds",
            "Time from taking a group off the queue to its commit",
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=registry,
        )
        self.queue_bytes = Gauge(
            "shopwire_ingest_queue_bytes", "Bytes received and not yet taken in", registry=registry
        )
        self.queue_messages = Gauge(
            "shopwire_ingest_queue_messages", "Messages received and not yet taken in", registry=registry
        )
        self.dropped = Gauge(
            "shopwire_ingest_dropped_messages", "Messages dropped in a flood; edges send them again", registry=registry
        )
        self.broker_up = Gauge("shopwire_broker_connected", "1 while connected to the broker", registry=registry)
        for outcome in OUTCOMES:
            self.messages.labels(outcome)
        for result in ("applied", "duplicate", "quarantined"):
            self.events.labels(result)

    def ask(self, states: Callable[[], list[dict[str, Any]]], summary: Callable[[], dict[str, Any]]) -> None:
        """Let these be asked at every scrape."""
        self._registry.register(_Chain(states, summary))

    def text(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self._registry)


class _Chain(Collector):
    """What the database knows of the chain at this moment."""

    def __init__(self, states: Callable[[], list[dict[str, Any]]], summary: Callable[[], dict[str, Any]]) -> None:
        self._states, self._summary = states, summary

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        found = {row["state"]: row for row in self._states()}
        edges = GaugeMetricFamily("shopwire_edges", "Edges by state", labels=["state"])
        lag = GaugeMetricFamily(
            "shopwire_lag_events", "Facts that edges have and headquarters has not, by state", labels=["state"]
        )
        for state in STATES:
            row = found.get(state, {"edges": 0, "lag": 0})
            edges.add_metric([state], row["edges"])
            lag.add_metric([state], row["lag"])
        yield edges
        yield lag
        summary = self._summary()
        for name, key, text in (
            ("shopwire_streams_held", "held", "Streams that stand still until a person acts"),
            ("shopwire_quarantine_events", "quarantined", "Events that could not be applied"),
            ("shopwire_quarantine_minor", "quarantined_minor", "Money in suspense, minor units"),
            ("shopwire_edges_connected", "connected", "Edges heard of lately"),
            ("shopwire_incidents_open", "incidents", "Incidents that wait for a person"),
        ):
            yield GaugeMetricFamily(name, text, value=summary[key])
