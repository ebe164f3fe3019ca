"""The brushes: what a hand can do to the paint on the canvas, which is wet until the run ends."""

from typing import Any

from style_transfer.engine import in_effect
from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session

BRUSHES_ID = "brushes"
_KINDS = {  # value: label, what it does, and the path of its icon, 24 units wide
    "": ("None", "No brush: the picture cannot be touched", "M5 5l6 14 2-6 6-2z"),
    "smear": (
        "Smear",
        "Push the paint along the stroke",
        "M4 9c3-4 6 4 9 0s5-2 7-1M4 15c3-4 6 4 9 0s5-2 7-1",
    ),
    "wipe": ("Wipe", "Wipe the paint off, back to the photo", "M9 19h11M4 14L13 5l6 6-8 8H9z"),
    "color": (
        "Colour",
        "Lay in a colour, for the style to grow from",
        "M12 4c4 5 6 7 6 10a6 6 0 0 1-12 0c0-3 2-5 6-10z",
    ),
    "clone": ("Clone", "Copy from elsewhere in the picture", "M8 8h12v12H8zM4 16V4h12"),
    "like": (
        "Like this",
        "Paint like a place of the painting",
        "M4 4h9v9H4zM15 20a5 5 0 0 0 5-5M9 17l3 3 3-3",
    ),
}
_MEASURES = {  # name: label, lowest and highest value in percent, and the one to begin with
    "radius": ("Size", 1, 25, 5),
    "strength": ("Strength", 5, 100, 100),
    "hold": ("Hold", 0, 100, 100),  # of a stroke; the photo draws back what is not held
}


def build() -> None:
    """Place the toolbar, and the scripts that turn movements into strokes and draw them."""
    widget(BRUSHES_ID, _html(), {"strokes": []}, script=("focus", "brushes"))
    widget("hand", script=("focus", "pointer", "hand"))
    widget("wet-paint")


def value(session: Session) -> dict[str, Any]:
    """Return whether the picture on the canvas can be touched, and what has arrived of strokes.

    `number` is the highest that has arrived, `count` how many could be undone then, `withdrawn` the
    highest of those that will not be done.
    """
    record, preview = session.touched, session.preview
    if record is None or preview is None:
        return {
            "enabled": False,
            "record": "",
            "photo": "",
            "number": 0,
            "count": 0,
            "withdrawn": 0,
            "hints": {},
        }
    return {
        "enabled": True,
        "record": record.name,
        "photo": file_url(preview.content_file),
        "number": record.strokes.newest,
        "withdrawn": record.strokes.withdrawn,
        "count": len(in_effect(record.strokes_made)),
        "hints": _hints(record),
    }


def _hints(record: RunRecord) -> dict[str, str]:
    """Return by kind of brush, and under "" of all, what will not be seen of strokes."""
    hints, kept = {}, record.settings.keep_colors
    if kept:
        seen = "its lightness alone is" if kept == 1 else "its hue is in part"
        hints["color"] = (
            f"The picture keeps {100 * kept:.0f} % of the photo's colours: of a colour that is "
            f"laid in, {seen} seen."
        )
    if record.inputs.styles.strength is not None:
        hints[""] = "Where the regions leave the photo, no stroke is seen."
    if not record.settings.beta:
        hints["like"] = "Beta is 0: nothing is painted like a painting."
    return hints


def _html() -> str:
    kinds = "".join(
        f'<label title="{words}"><input type="radio" name="brush" value="{kind}"'
        f'{" checked" * (not kind)} aria-label="{label}: {words}">{_icon(path)}'
        f"<span>{label}</span></label>"
        for kind, (label, words, path) in _KINDS.items()
    )
    measures = "".join(
        f'<label class="of-{name}">{label} <input type="range" name="{name}" '
        f'min="{low}" max="{high}" value="{start}"></label>'
        for name, (label, low, high, start) in _MEASURES.items()
    )
    return (
        '<fieldset data-brush="" disabled><legend class="hidden">Touch the wet paint</legend>'
        f'<div class="kinds" role="radiogroup" aria-label="Brush">{kinds}</div>'
        f'<div class="steps">{_button("undo", "Undo", "M9 6L4 11l5 5M4 11h10a5 5 0 0 1 0 10h-3")}'
        f"{_button('redo', 'Redo', 'M15 6l5 5-5 5M20 11H10a5 5 0 0 0 0 10h3')}</div>"
        '<div class="measures"><label class="of-color">Colour '
        '<input type="color" name="color" value="#c2410c"></label>'
        '<button type="button" class="of-clone" aria-pressed="false">Pick the source</button>'
        f'{measures}</div></fieldset><p class="hint" role="status"></p>'
        '<p class="refusal" role="alert"></p><p class="hidden" role="status"></p>'
    )


def _icon(path: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'


def _button(name: str, words: str, path: str) -> str:
    return (
        f'<button type="button" class="{name}" title="{words} a stroke" '
        f'aria-label="{words} a stroke">{_icon(path)}</button>'
    )


PANEL = Panel(BRUSHES_ID, build, value)
