"""GET /frames/SESSION?after=N: the newest picture of a session's run once there is one after N.

A page names its run as well, so that it can tell late answers by their address.

A generator of Gradio's costs 5 to 9 ms for each value, however slow its reader is. Here a browser
asks for the next picture when it has drawn the last, and nothing is encoded while nobody asks.
"""

import asyncio
import io
import threading
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from style_transfer.engine import Frame, newest_number
from style_transfer.images import reduced, to_pil
from style_transfer.runs import Run

PATH = "frames"  # below that of the page
WAIT = 2.0  # s; the longest that a request waits for a picture
PREVIEW_SIDE = 1536  # px at most; what a screen shows, also of a print of 8192 px
QUALITY = 85  # of the JPEG
NUMBER_HEADER = "frame-number"  # of an answer; the request for the next one says it

STROKE_HEADER = "stroke-number"  # of an answer: the newest stroke in the picture

FindRun = Callable[[str], Run | None]  # by session; LookupError where there is none


def frame_route(find_run: FindRun) -> Route:
    """Return the route; `find_run` gives the run that a session shows, if any."""
    encoders: WeakKeyDictionary[Run, _Encoder] = WeakKeyDictionary()

    async def newest(request: Request) -> Response:
        try:
            run = find_run(request.path_params["session"])
        except LookupError:
            return JSONResponse({"error": "There is no such page."}, 404)
        number = request.query_params.get("after", "0")
        if not (number.isascii() and number.isdigit() and len(number) < 20):
            return JSONResponse({"error": "The number of a picture is a whole number."}, 400)
        found, frame = await _newest_after(run, int(number)) if run else (0, None)
        if run is None or frame is None:
            return Response(status_code=204)
        encoder = encoders.setdefault(run, _Encoder())
        headers = {
            NUMBER_HEADER: f"{found}",
            STROKE_HEADER: f"{newest_number(frame.state.strokes)}",
            "cache-control": "no-store",
            "cross-origin-resource-policy": "same-origin",
        }
        body = await run_in_threadpool(encoder.jpeg, found, frame)
        return Response(body, media_type="image/jpeg", headers=headers)

    return Route(f"/{PATH}/{{session}}", newest)


async def _newest_after(run: Run, number: int) -> tuple[int, Frame | None]:
    """Return the newest frame with a higher number, None where none comes within WAIT."""
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop of a server that is being ended
            loop.call_soon_threadsafe(woken.set)

    until = loop.time() + WAIT
    with run.listening(wake):
        while True:
            woken.clear()
            found, frame = run.newest()
            left = until - loop.time()
            if found > number and frame is not None:
                return found, frame
            if left <= 0 or run.ended:
                return found, None
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(woken.wait(), left)


class _Encoder:
    """Encodes each frame of a run once, for all who ask for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = 0, b""

    def jpeg(self, number: int, frame: Frame) -> bytes:
        with self._lock:
            if self._newest[0] != number:
                file = io.BytesIO()
                to_pil(reduced(frame.picture, PREVIEW_SIDE)).save(file, "jpeg", quality=QUALITY)
                self._newest = number, file.getvalue()
            return self._newest[1]
