"""GET /health and /ready: how the server is doing, for those who run it."""

import time
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from style_transfer.runs import RunService


def health_route(service: RunService, count_runs: Callable[[str], int]) -> Route:
    """Return the route that tells of `service`: no names, no addresses, nothing of a picture.

    A page that names itself, `?page=SESSION`, is told how many runs of its own `count_runs` finds.
    """
    since = time.time()  # also tells browsers that the server was started again

    def health(request: Request) -> JSONResponse:
        told = {
            "alive": True,
            "since": since,
            "runs": service.under_way,
            "waiting": service.admission.waiting,
            "steps_per_second": service.executor.steps_per_second,
            "executor": type(service.executor).__name__.removesuffix("Executor").lower(),
            "devices": [{"device": name, "runs": runs} for name, runs in service.load],
            "memory_mb": _memory_mb(),
        }
        if page := request.query_params.get("page"):
            told["page_runs"] = count_runs(page)
        return JSONResponse(told)

    return Route("/health", health)


def ready_route(service: RunService) -> Route:
    """Return the route that answers 200 where `service` would take another run, else 503."""

    def ready(_: Request) -> JSONResponse:
        return JSONResponse({"ready": service.is_ready}, 200 if service.is_ready else 503)

    return Route("/ready", ready)


def _memory_mb() -> float | None:
    """Return the memory of this process in MB; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
