"""`Metrics`: what `/metrics` shows, in the text format of Prometheus."""

import math
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Numbers = Callable[[], Mapping[str, tuple[str, float]]]
Sizes = Callable[[], Mapping[str, tuple[str, Mapping[int, int]]]]

SIZES = (1, 2, 4, 8, 16, 32)
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PREFIX = "videoqa_"


class Metrics:
    """Counts requests, and asks for the rest when it is shown.

    Args:
        numbers: returns name -> (what it is, its value now); what only grows ends in `_total`.
        sizes: returns name -> (what it is, size -> how often it was met), shown as histograms.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, numbers: Numbers, sizes: Sizes = dict) -> None:
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
        self._registry.register(_Numbers(numbers, sizes))

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

    def __init__(self, numbers: Numbers, sizes: Sizes) -> None:
        self._numbers, self._sizes = numbers, sizes

    def collect(self) -> Iterable[Metric]:
        for name, (text, value) in self._numbers().items():
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(PREFIX + name, text, value=value)
        for name, (text, found) in self._sizes().items():
            buckets = [
                (floatToGoString(most), float(sum(number for size, number in found.items() if size <= most)))
                for most in (*SIZES, math.inf)
            ]
            total = sum(size * number for size, number in found.items())
            yield HistogramMetricFamily(PREFIX + name, text, buckets=buckets, sum_value=total)
