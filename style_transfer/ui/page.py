"""The page: inputs at the left, the canvas in the middle, live knobs at the right."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from style_transfer.runs import Limits, RunService
from style_transfer.ui import example, wiring
from style_transfer.ui.background import BackgroundWork
from style_transfer.ui.handlers import endpoint
from style_transfer.ui.handlers.inside import InsideHandlers
from style_transfer.ui.http.answer_cache import AnswerCache
from style_transfer.ui.http.callers import Callers
from style_transfer.ui.http.connection_limit import ConnectionLimit
from style_transfer.ui.http.event_streams import EventStreams
from style_transfer.ui.http.frames import frame_route
from style_transfer.ui.http.gate import Gate
from style_transfer.ui.http.gradio_internals import (
    check_calls,
    limit_calls,
    poll_seldom,
    put_in_front,
    read_pictures_at,
    sample_files,
    share_patient_client,
)
from style_transfer.ui.http.gradio_uploads import upload_folder
from style_transfer.ui.http.health import health_route, ready_route
from style_transfer.ui.http.hosts import HostCheck, Hosts
from style_transfer.ui.http.inside import inside_route
from style_transfer.ui.http.path_aliases import HiddenPaths, PathAliases
from style_transfer.ui.http.safe_headers import SafeHeaders
from style_transfer.ui.http.upload_quota import UploadQuota
from style_transfer.ui.http.visitors import Visitors
from style_transfer.ui.panels import layout
from style_transfer.ui.panels.panel import STATIC
from style_transfer.ui.session.sessions import PageContext

SHEETS = "page", "knobs", "brushes", "inside", "gallery", "forced-colors"  # in this order
STYLE_SHEETS = [STATIC / f"{name}.css" for name in SHEETS]
MAX_QUEUED = 100  # calls in Gradio's queue
SHORT_CALLS = 26  # queued ones of a visitor, beside those that paint or wait to
MAX_STATES = 500  # sessions of which Gradio stores the values of components
IDLE_THREADS = 40  # for calls beside those that run or wait, each of which holds a thread


@dataclass(frozen=True)
class Page:
    """A page, what its handlers share, and how it is launched."""

    blocks: gr.Blocks
    context: PageContext
    background: BackgroundWork  # starts and stops with the server
    launch_options: dict[str, Any]  # arguments of `blocks.launch`


def build(
    service: RunService,
    hosts: Hosts | None = None,
    visitors: Visitors | None = None,
    routes: Sequence[Route] = (),
) -> Page:
    """Return a new page whose runs are those of `service`, served under the names of `hosts`.

    `visitors` tells them apart; `routes` are served beside. Starts nothing.
    """
    gr.set_static_paths([example.FOLDER])
    context = PageContext.of(service)
    # Without `delete_cache`, which would remove the photo of a page that is open.
    with gr.Blocks(title="Style transfer, steered", analytics_enabled=False) as blocks:
        layout.build()
        endpoint.build(context)
        wiring.connect(blocks, context)
    blocks.queue(max_size=MAX_QUEUED)
    poll_seldom(blocks)
    check_calls(blocks)
    limit_calls(blocks, service.limits.visitor_runs + SHORT_CALLS)
    context.sessions.shared_uploads = frozenset(sample_files(blocks))
    background = BackgroundWork(blocks, context)
    limits, visitors = service.limits, visitors or Visitors()
    callers = Callers(visitors, context.presence, limits.visitor_connections)
    beside = [route.path for route in routes]
    options = _launch_options(blocks, limits, callers, beside, background, hosts or Hosts())
    looks = InsideHandlers(context)
    options["app_kwargs"]["routes"] = [
        health_route(service, lambda key: len(context.sessions.find(key).records)),
        ready_route(service),
        *routes,
        frame_route(context.sessions.shown_run),
        inside_route(looks.answer, looks.act),
    ]
    return Page(blocks, context, background, options)


def _launch_options(
    blocks: gr.Blocks,
    limits: Limits,
    callers: Callers,
    beside: Collection[str],
    background: BackgroundWork,
    hosts: Hosts,
) -> dict[str, Any]:
    connections = ConnectionLimit()
    aliases = PathAliases({"page-files": upload_folder(), "page-examples": example.FOLDER})
    quota = UploadQuota(limits.visitor_uploads, limits.uploads)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        put_in_front(app, EventStreams)
        put_in_front(app, partial(AnswerCache, visitors=callers.visitors))
        put_in_front(app, partial(HostCheck, hosts=hosts))
        put_in_front(app, partial(SafeHeaders, on_space=hosts.on_space))
        share_patient_client(blocks)
        read_pictures_at(blocks, aliases.reveal)
        connections.start()
        async with background.lifespan(app):
            yield
        connections.stop()

    return {
        "theme": _theme(),
        "css_paths": STYLE_SHEETS,
        "max_file_size": f"{limits.upload}mb",
        "max_threads": limits.runs + limits.waiting + IDLE_THREADS,
        "enable_monitoring": False,
        "app_kwargs": {
            "middleware": [
                Middleware(Gate, callers, quota, limits.upload, beside),
                Middleware(HiddenPaths, aliases),
            ],
            "lifespan": lifespan,
        },
        "state_session_capacity": MAX_STATES,
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": find_spec("mcp") is not None,  # comes with gradio[mcp]
        "footer_links": ["api", "gradio", "settings"],
    }


# Gradio's own sizes, which it gives in pixels, in units that grow with the browser's font.
_TEXT_SIZES = gr.themes.Size(*(f"{size / 16}rem" for size in (9, 10, 12, 14, 16, 22, 26)))


def _theme() -> gr.themes.Base:
    theme = gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="zinc",
        radius_size="lg",
        text_size=_TEXT_SIZES,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(  # darker than Base's own, for WCAG's contrast
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_800",
        block_info_text_color="*neutral_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
    )
