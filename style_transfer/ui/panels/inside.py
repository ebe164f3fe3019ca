"""The view "Inside": what the network sees of photo, painting and picture, tab by tab."""

from html import escape
from typing import Any

import gradio as gr

from style_transfer.links import to_query
from style_transfer.network import LAYERS, PIXELS
from style_transfer.presets import PRESETS
from style_transfer.settings import Settings
from style_transfer.ui.http.inside import PATH
from style_transfer.ui.panels.panel import STATIC, Panel, widget
from style_transfer.ui.session.session import Session

_SCRIPTS = (
    *("inside", "inside-objective", "inside-example"),
    *("inside-maps", "inside-look", "inside-features", "inside-matrix"),
    *("inside-where", "inside-changes", "inside-made", "inside-lesson", "inside-open"),
)
_FIRST_LAYER = "relu3_1"


def build() -> gr.HTML:
    """Return the drawer, shut."""
    html = (STATIC / "inside.html").read_text(encoding="utf-8")
    layers = "".join(
        f'<option value="{layer}"{" selected" if layer == _FIRST_LAYER else ""}>{layer}</option>'
        for layer in (PIXELS, *LAYERS)
    )
    lecture = escape(to_query(Settings(**PRESETS["Lecture"])))
    html = html.replace("${layers}", layers).replace("${lecture}", lecture)
    return widget("inside", html, script=_SCRIPTS)


def value(session: Session) -> dict[str, Any]:
    """Return of the picture on the canvas its run, step, settings and losses, and where to ask."""
    record, preview = session.selected, session.preview
    if record is None or preview is None:
        return {}
    settings, losses = preview.settings, preview.losses
    found = {
        "name": record.name,
        "step": preview.step,
        "address": f"{PATH}/{session.key}",
        "moment": f"{record.name} {preview.file.stem}",
        "layers": [*settings.style_layers],
        "paintings": len(preview.origin.styles.images),
    }
    if not losses:  # before the first step
        return found
    area = painted_area(settings, losses)
    return found | {"settings": settings.as_dict(), "losses": losses, "area": area}


def painted_area(settings: Settings, losses: dict[str, float]) -> float:
    """Return the share of the picture by which beta is multiplied: 1 without regions.

    >>> painted_area(Settings(beta=2, motifs=0), {"total": 2.0, "content": 1.0, "style": 1.0})
    0.5
    """
    paint = losses["style"] + settings.motifs * losses.get("motifs", 0.0)
    rest = losses["total"] - settings.alpha * losses["content"]
    rest -= settings.tv * losses.get("tv", 0.0)
    return rest / (settings.beta * paint) if settings.beta * paint else 1.0


PANEL = Panel("inside", build, value)
