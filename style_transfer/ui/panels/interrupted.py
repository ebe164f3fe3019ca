"""The offer to continue an interrupted run of this browser, or to bring back a picture at rest."""

from typing import Any

from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session

_HTML = """{{#if value.step}}<p role="status">{{value.words}}
<button type="button">{{value.label}}</button></p>
{{/if}}"""


def build() -> None:
    """Place the offer; it is empty without such a run."""
    widget("interrupted", _HTML, offer("", 0))


def offer(token: str, step: int, rests: bool = False, asked: bool = False) -> dict[str, Any]:
    """Return the value that offers a run of `step`, which `rests` or was interrupted; 0: none."""
    words, label = "A run of yours was interrupted.", "Continue the run that was interrupted"
    if rests:
        words, label = "A picture of yours is at rest.", "Bring back the picture that rests"
    label = f"{label} at step {step}"
    return {"token": token, "step": step, "words": words, "label": label, "asked": asked}


def value(session: Session) -> dict[str, Any]:
    """Return the name by which the page asks whether the server still has its runs."""
    return {"page": session.key}


PANEL = Panel("interrupted", build, value)
