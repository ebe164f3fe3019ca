"""Headers that tell browsers what a page may load, who may frame it, and to guess no file types."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HUB = "https://huggingface.co https://*.huggingface.co https://*.hf.space"  # frames its Spaces
_POLICY = {
    "default-src": "'self'",
    # Gradio's page is made of scripts within it, and runs those of components from their text.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


class SafeHeaders:
    """Middleware that adds these headers to every answer."""

    def __init__(self, app: ASGIApp, on_space: bool = False) -> None:
        """A page `on_space` may be in a frame of the Hub, any other in one of its own pages."""
        policy = _POLICY | {"frame-ancestors": f"'self' {_HUB}" if on_space else "'self'"}
        words = "; ".join(f"{name} {sources}" for name, sources in policy.items())
        self._app = app
        self._headers = [
            (b"content-security-policy", words.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),  # links carry settings
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; its answer gets the headers in the place of any of their name."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self._headers}
                others = [pair for pair in message["headers"] if pair[0].lower() not in ours]
                message = {**message, "headers": [*others, *self._headers]}
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
