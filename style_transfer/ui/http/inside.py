"""GET /inside/SESSION?show=...: what the network sees of the picture of a page, as arrays.

The answer is the length of a header (4 bytes, the least first), the header as JSON, and the arrays
that it names, one after the other: 1 MB for the largest matrices, of which JSON would make three.
POST with show=photo or painting begins to make it again from one layer; show=stop ends that.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from torch import Tensor

from style_transfer.ui.http.calls import shorten

PATH = "inside"  # below that of the page
WORKERS = 2  # questions that are answered at a time; each waits for its turn on the device
LATER = {"retry-after": "1"}  # s
_TYPES = {torch.uint8: "uint8", torch.float32: "float32"}  # those that scripts read

# By session and parameters. None where it is to be asked again later; raises LookupError where
# there is no such page, ValueError for a question that makes no sense.
Answer = Callable[[str, Mapping[str, str]], bytes | None]


def inside_route(answer: Answer, act: Answer) -> Route:
    """Return the route; the questions of all pages are answered WORKERS at a time.

    `answer` is called for what is asked, GET, and `act` for what is to be done, POST.
    """
    workers = CapacityLimiter(WORKERS)

    async def answered(request: Request) -> Response:
        called = act if request.method == "POST" else answer
        call = partial(called, request.path_params["session"], dict(request.query_params))
        try:
            body = await to_thread.run_sync(call, limiter=workers)
        except LookupError:
            return JSONResponse({"error": "There is no such page."}, 404)
        except ValueError as error:
            return JSONResponse({"error": shorten(str(error))}, 400)
        if body is None:
            return Response(status_code=204, headers=LATER)
        headers = {"cache-control": "no-store"}
        return Response(body, media_type="application/octet-stream", headers=headers)

    return Route(f"/{PATH}/{{session}}", answered, methods=["GET", "POST"])


def packed(header: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> bytes:
    """Return the body of an answer. Arrays are of uint8 or float32, and begin at multiples of 4."""
    listed, parts, at = [], [], 0
    for name, tensor in arrays.items():
        kind, data = _TYPES[tensor.dtype], tensor.detach().cpu().contiguous().numpy().tobytes()
        place = {"name": name, "type": kind, "shape": list(tensor.shape), "at": at}
        listed.append(place | {"count": tensor.numel()})
        parts.append(data + bytes(-len(data) % 4))
        at += len(parts[-1])
    text = json.dumps({**header, "arrays": listed}).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)
