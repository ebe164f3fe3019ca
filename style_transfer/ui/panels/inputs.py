"""The input images: the photo, and up to as many style images as a run may have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer import assets
from style_transfer.settings import MAX_STYLES
from style_transfer.ui.http.gradio_internals import use_path_unread
from style_transfer.ui.panels.panel import Panel

CONTENT_ID = "content-image"
MORE_STYLE_IDS = tuple(f"style-{number}" for number in range(2, MAX_STYLES + 1))
STYLE_IDS = ("style-image", *MORE_STYLE_IDS)
PHOTOS = [
    assets.path("content", f"{name}.jpg")
    for name in ("lake", "raccoon", "colosseum", "fig", "dune", "astronaut")
]
STYLES = sorted(assets.path("style").glob("*.jpg"))
# Lets the styles after one that was removed, and their weights, move up before another is chosen.
MOVE_UP = """(...values) => {
    const skip = { __type__: "update" };
    const settings = values.pop(), weights = settings.style_weights;
    const chosen = [...values.keys()].filter((at) => values[at]);
    if (chosen.every((at, place) => at === place)) return [...values.map(() => skip), skip];
    const moved = (list, empty) => list.map((_, at) => at in chosen ? list[chosen[at]] : empty);
    return [...moved(values, null), { ...settings, style_weights: moved(weights, 1) }];
}"""
SOURCES = ("upload", "clipboard")  # of a painting
FIRST_STYLE = assets.path("style", "impasto_field.jpg")


def build() -> None:
    """Place photo and styles, the first of each chosen."""
    _with_samples("Photo", CONTENT_ID, PHOTOS[0], PHOTOS, ("upload", "webcam", "clipboard"))
    _with_samples("Style", STYLE_IDS[0], FIRST_STYLE, STYLES)
    with gr.Accordion("More styles", open=False, elem_id="more-styles"):
        for number, elem_id in enumerate(MORE_STYLE_IDS, 2):
            _upload(f"Style {number}", elem_id, height=110, placeholder="Drop a painting")


def picture_input(label: str, **options: Any) -> gr.Image:
    """Return an image input whose value is the path of the visitor's file, or None."""
    image = gr.Image(label=label, type="filepath", **options)
    use_path_unread(image)
    return image


def _with_samples(
    label: str, elem_id: str, first: Path, samples: list[Path], sources: Sequence[str] = SOURCES
) -> None:
    image = _upload(label, elem_id, sources, value=str(first), height=150)
    examples = gr.Examples(
        [[str(sample)] for sample in samples],
        image,
        label="",
        elem_id=f"{elem_id}-samples",
        examples_per_page=20,
        api_visibility="private",
    )
    # What is seen of them: whole, they are 4 MB, which keep all calls of a slow network waiting.
    thumbnails = [[str(assets.thumbnail(sample))] for sample in samples]
    examples.dataset.samples = gr.Dataset(
        components=[image], samples=thumbnails, render=False
    ).samples


def _upload(label: str, elem_id: str, sources: Sequence[str] = SOURCES, **options: Any) -> gr.Image:
    return picture_input(
        label,
        sources=[*sources],
        buttons=[],
        alt_text=f"The {label.lower()} that was chosen",
        elem_id=elem_id,
        **options,
    )


PANEL = Panel("inputs", build)
