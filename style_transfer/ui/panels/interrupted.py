"""The offer to continue a run of this browser that was interrupted."""

from style_transfer.ui.panels.panel import Panel, widget

_HTML = """{{#if value.step}}<p role="status">A run of yours was interrupted.
<button type="button">Continue the run that was interrupted at step {{value.step}}</button></p>
{{/if}}"""


def build() -> None:
    """Place the offer; it is empty without such a run."""
    widget("interrupted", _HTML, {"token": "", "step": 0, "asked": False})


PANEL = Panel("interrupted", build)
