"""A header that lets proxies pass on each event of a stream when it comes."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EventStreams:
    """Middleware that keeps events, by which all but the newest picture comes, from being held up.

    nginx collects an answer until a buffer is full unless the answer says otherwise
    (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering): several seconds of
    the status and the chart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; its answer gets the header if it is a stream of events."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/event-stream"):
                    headers["x-accel-buffering"] = "no"
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
