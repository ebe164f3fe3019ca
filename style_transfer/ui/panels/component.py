"""Widgets: components of our own, HTML that stays as it is and is moved by a script of static/."""

from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parents[1] / "static"


def widget(elem_id: str, html: str = "", value: Any = None, script: str | None = None) -> gr.HTML:
    """Place a component; its script, by default of its own name, has `value` to begin with.

    Gradio compares the HTML, not what the script made of it, so it leaves that alone.
    """
    return gr.HTML(
        value,
        html_template=html,
        js_on_load=(STATIC / f"{script or elem_id}.js").read_text(),
        elem_id=elem_id,
        apply_default_css=False,
    )
