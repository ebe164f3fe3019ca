"""Health: how the whole is, for those who run it."""

import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from style_transfer.ui.service import SERVICE

SINCE = time.time()  # also tells one process from the next


def health(_: Request) -> JSONResponse:
    """Return what the machine does now: no names, no addresses, nothing of a picture."""
    return JSONResponse(
        {
            "alive": True,
            "since": SINCE,
            "runs": SERVICE.under_way,
            "waiting": SERVICE.admission.waiting,
            "steps_per_second": SERVICE.scheduler.steps_per_second,
            "memory_mb": memory_mb(),
        }
    )


def memory_mb() -> float | None:
    """Return the memory of this process in MB; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


ROUTE = Route("/health", health)
