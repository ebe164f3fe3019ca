"""The offer to continue an interrupted run of this browser, or to bring back a picture at rest."""

from typing import Any

from style_transfer.runs import KeptRun
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session

_HTML = """{{#if value.label}}<p role="status">{{value.words}}
<button type="button">{{value.label}}</button></p>
{{/if}}"""


def build() -> None:
    """Place the offer; it is empty without such a run."""
    widget("interrupted", _HTML, offer("", None))


def offer(token: str, kept: KeptRun | None, asked: bool = False) -> dict[str, Any]:
    """Return the value that offers a run that was kept, without a label where there is none."""
    words = label = ""
    if kept and kept.rests:
        words = "A picture of yours is at rest."
        label = f"Bring back the picture that rests at step {kept.step}"
    elif kept and kept.step:
        words = "A run of yours was interrupted."
        label = f"Continue the run that was interrupted at step {kept.step}"
    elif kept:
        words = "A run of yours was interrupted before its first step."
        label = "Begin the run that was interrupted"
    step = kept.step if kept else 0
    return {"token": token, "step": step, "words": words, "label": label, "asked": asked}


def value(session: Session) -> dict[str, Any]:
    """Return the name by which the page asks whether the server still has its runs."""
    return {"page": session.key}


PANEL = Panel("interrupted", build, value)
