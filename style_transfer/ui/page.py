"""The page's layout: pictures at the left, the easel in the middle, live knobs at the right."""

import threading
from importlib.util import find_spec
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from style_transfer.network import load_network
from style_transfer.ui import example, wiring
from style_transfer.ui.handlers import endpoint
from style_transfer.ui.http import cleanup, health
from style_transfer.ui.http.gate import Gate
from style_transfer.ui.http.gradio_internals import check_calls, poll_seldom
from style_transfer.ui.http.presence import PAGES
from style_transfer.ui.panels import canvas, controls, gallery, inputs, status
from style_transfer.ui.panels.component import STATIC, widget
from style_transfer.ui.service import SERVICE

LAUNCH: dict[str, Any] = {
    "theme": gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="zinc",
        radius_size="lg",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(  # Base's own are too pale to be read by everybody
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_800",
        block_info_text_color="*neutral_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
    ),
    "css_paths": [STATIC / "page.css", STATIC / "knobs.css", STATIC / "gallery.css"],
    "max_file_size": f"{SERVICE.limits.upload}mb",
    "max_threads": SERVICE.limits.runs + SERVICE.limits.waiting + 40,  # whoever waits holds one
    "enable_monitoring": False,
    "app_kwargs": {
        "middleware": [Middleware(Gate, PAGES, SERVICE.limits.upload)],
        "routes": [health.ROUTE],
    },
    "state_session_capacity": 500,
    "run_history": False,
    "ssr_mode": False,
    "mcp_server": find_spec("mcp") is not None,  # comes with gradio[mcp]
    "footer_links": ["api", "gradio", "settings"],
}


def build() -> gr.Blocks:
    """Return the page."""
    gr.set_static_paths([example.FOLDER])
    load_network()  # before the first visitor, who would wait for it
    # Learn how fast this machine is before somebody presses Start.
    threading.Thread(target=SERVICE.executor.cost_model, daemon=True).start()
    with gr.Blocks(
        title="Style transfer, steered", delete_cache=(300, 7200), analytics_enabled=False
    ) as page:
        widget("title", status.TITLE, script="access")
        widget("quiet")
        with gr.Row(elem_id="studio"):
            with gr.Column(scale=3, min_width=200, elem_id="pictures"):
                inputs.build()
            with gr.Column(scale=8, min_width=320, elem_id="easel"):
                canvas.build()
            with gr.Column(scale=3, min_width=250, elem_id="knobs"):
                controls.build()
                inputs.build_fixed()
        with gr.Row(elem_id="gallery"):
            gallery.build()
        endpoint.build()
        wiring.connect(page)
    page.queue(max_size=100)
    poll_seldom(page)
    check_calls(page)
    cleanup.begin(page)
    return page
