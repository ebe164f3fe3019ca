"""GET /metrics: what a Prometheus server asks for now and then, where that is wanted."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from style_transfer.runs import PREFIX, RunService

VARIABLE = f"{PREFIX}METRICS"


def metrics_routes(service: RunService, environment: Mapping[str, str]) -> list[Route]:
    """Return the route that tells numbers of `service`, none unless the environment asks for it.

    Raises ValueError, one sentence, for another value than 0 or 1, and where the library is missing
    that writes the format.
    """
    wanted = environment.get(VARIABLE, "").strip() or "0"
    if wanted not in ("0", "1"):
        raise ValueError(f"{VARIABLE} must be 0 or 1, not {wanted!r}.")
    if wanted == "0":
        return []
    try:
        from prometheus_client import (
            CONTENT_TYPE_LATEST,
            CollectorRegistry,
            ProcessCollector,
            generate_latest,
        )
    except ModuleNotFoundError as error:
        raise ValueError(f"{VARIABLE} needs {error.name}; install prometheus_client.") from None
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector(service))

    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/metrics", metrics)]


class _Collector:
    """Reads the numbers when they are asked for."""

    def __init__(self, service: RunService) -> None:
        self._service = service

    def collect(self) -> Iterator[Any]:
        """Yield the metrics; no names, no addresses, nothing of a picture."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        service, prefix = self._service, PREFIX.lower()
        yield GaugeMetricFamily(
            f"{prefix}runs_waiting",
            "Runs that wait for a place.",
            value=service.admission.waiting,
        )
        yield GaugeMetricFamily(
            f"{prefix}steps_per_second",
            "Steps of all runs together, over the last ten seconds.",
            value=service.executor.steps_per_second,
        )
        runs = GaugeMetricFamily(
            f"{prefix}runs",
            "Runs that paint or pause, by device.",
            labels=["number", "device"],
        )
        for number, (device, count) in enumerate(service.load):
            runs.add_metric([str(number), device], count)
        yield runs
        ended = CounterMetricFamily(
            f"{prefix}runs_ended", "Runs that have ended, by reason.", labels=["reason"]
        )
        for reason, count in service.ended.items():
            ended.add_metric([reason], count)
        yield ended
