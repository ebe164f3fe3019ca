"""The pictures of a run, regions of the photo, and all else that acts from the next start."""

from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer import assets
from style_transfer.engine import INITS, OPTIMIZERS, STYLE_COLORS, default_size
from style_transfer.network import NETWORKS, POOLINGS
from style_transfer.ui.handlers import pictures
from style_transfer.ui.http.gradio_internals import use_path_unread
from style_transfer.ui.panels.component import widget

PHOTOS = [
    assets.path("content", name)
    for name in ("chelsea.png", "astronaut.png", "coffee.png", "rocket.jpg")
]
STYLES = sorted(assets.path("style").glob("*.jpg"))
FIRST_STYLE = assets.path("style", "starry_night.jpg")
SIZES = (128, 2048)  # px, range of the longer side


def build() -> None:
    """Place photo, styles and regions."""
    _picture("Photo", "content-image", PHOTOS[0], PHOTOS)
    _picture("Style", "style-image", FIRST_STYLE, STYLES)
    with gr.Accordion("More styles", open=False, elem_id="more-styles"):
        for number, elem_id in enumerate(pictures.MORE_STYLES, 2):
            _input(f"Style {number}", elem_id, height=110, placeholder="Drop a painting")
    widget("regions", _regions(), {"mask": ""})


def build_fixed() -> None:
    """Place what acts from the next start, which looks like a form and not like a knob."""
    with gr.Group(elem_id="fixed"):
        gr.Slider(*SIZES, default_size(), step=32, label="Size in pixels", elem_id="size")
        gr.HTML("", elem_id="forecast")
        with gr.Accordion("First image, optimiser, network", open=False, elem_id="expert"):
            gr.Dropdown(list(INITS), value=INITS[0], label="First image", elem_id="init")
            gr.Number(0, label="Seed of the noise", precision=0, elem_id="seed")
            optimizers = list(OPTIMIZERS)
            gr.Dropdown(optimizers, value=optimizers[0], label="Optimiser", elem_id="optimizer")
            gr.Dropdown(list(NETWORKS), value=NETWORKS[0], label="Network", elem_id="network")
            gr.Dropdown(list(POOLINGS), value=POOLINGS[0], label="Pooling", elem_id="pooling")
        gr.HTML("<p>These and the photo act from the next start.</p>", elem_id="fixed-words")
        gr.Button(
            "Restart from the picture as it is now", interactive=False, size="sm", elem_id="restart"
        )


def picture_input(label: str, **options: Any) -> gr.Image:
    """Return an image input whose value is the path of the visitor's file, or None."""
    chosen = gr.Image(label=label, type="filepath", **options)
    use_path_unread(chosen)
    return chosen


def _picture(label: str, elem_id: str, first: Path, samples: list[Path]) -> None:
    chosen = _input(label, elem_id, value=str(first), height=150)
    gr.Examples(
        [[str(sample)] for sample in samples],
        chosen,
        label="",
        elem_id=f"{elem_id}-samples",
        examples_per_page=20,
        api_visibility="private",
    )


def _input(label: str, elem_id: str, **options: Any) -> gr.Image:
    return picture_input(
        label,
        sources=["upload", "clipboard"],
        buttons=[],
        alt_text=f"The {label.lower()} that was chosen",
        elem_id=elem_id,
        **options,
    )


def _regions() -> str:
    """Return the drawer in which regions are painted over the photo."""
    # Not by gr.ImageEditor: whatever anybody sends to its server function stays in memory for good.
    pens = {"Leave the photo": "#000000", "Half": "#808080", "Paint": ""}
    pens |= {
        f"Style {number}": "#" + "".join(f"{round(255 * c):02x}" for c in color)
        for number, color in enumerate(STYLE_COLORS.values(), 1)
    }
    radios = "".join(
        f'<label data-pen="{number - 2}"><input type="radio" name="region" value="{color}"'
        f"{' checked' * (not number)}>"
        f'<i style="background: {color or "#fff"}"></i>{words}</label>'
        for number, (words, color) in enumerate(pens.items())
    )
    return (
        "<details><summary>Regions</summary><p>Paint over the photo what is to be left as it is, "
        f'or in which style it goes.</p><div class="paper"><img alt="The photo, to paint on">'
        '<canvas role="img" aria-label="Regions painted so far"></canvas></div>'
        f"<fieldset><legend>Brush</legend>{radios}</fieldset>"
        '<input type="range" min="2" max="30" value="10" aria-label="Width of the brush">'
        '<div class="choice"><button type="button" class="undo">Undo</button>'
        '<button type="button" class="clear">Clear</button></div>'
        '<label class="file">Or take a mask from a file '
        '<input type="file" accept="image/*"></label></details>'
    )
