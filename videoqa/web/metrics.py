"""`Metrics`: what `/metrics` shows, in the text format of Prometheus."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PREFIX = "videoqa_"


class Metrics:
    """Counts requests, and asks for the rest when it is shown.

    Args:
        numbers: returns name -> (what it is, its value now); what only grows ends in `_total`.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, numbers: Callable[[], Mapping[str, tuple[str, float]]]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            f"{PREFIX}requests", "Requests by route and status.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            f"{PREFIX}request_seconds",
            "Seconds from a request to the end of its response.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._registry.register(_Numbers(numbers))

    def count_request(self, route: str, status: str, seconds: float) -> None:
        """Count one request.

        Args:
            route: pattern of its path, one of few.
            status: its HTTP status, or how it ended without one.
            seconds: that it took.
        """
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics as text."""
        return generate_latest(self._registry)


class _Numbers(Collector):
    """Asks for numbers whenever the metrics are shown."""

    def __init__(self, numbers: Callable[[], Mapping[str, tuple[str, float]]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[Metric]:
        for name, (text, value) in self._numbers().items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(PREFIX + name, text, value=value)
