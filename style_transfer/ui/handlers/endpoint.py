"""The endpoint for programs: one call, one picture, queued with the runs of the page."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MethodType

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.engine import Frame, Styles, default_size
from style_transfer.images import MIN_SIDE, open_image, save, to_tensor
from style_transfer.losses import STATISTICS
from style_transfer.network import LAYERS, default_device
from style_transfer.recipe import Recipe
from style_transfer.runs import HEARTBEAT, Job
from style_transfer.settings import Settings
from style_transfer.ui.handlers.inputs import read_styles
from style_transfer.ui.http.calls import error_on_page, session_key
from style_transfer.ui.panels.inputs import picture_input
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext

MAX_SIZE = 512 if default_device() == "cpu" else 1024  # px, of the longer side
MAX_STEPS = 500


def stylize(
    context: PageContext,
    photo: str,
    style: str,
    alpha: float,
    beta: float,
    tv: float,
    steps: int,
    size: int,
    style_layers: list[str],
    content_layer: str,
    statistic: str,
    seed: int,
    style_scale: float,
    match_colors: bool,
    keep_colors: float,
    request: gr.Request,
    other_style: str | None = None,  # None as default is what lets a caller leave it out
    other_weight: float = 1.0,
    mask: str | None = None,
) -> Iterator[str | None]:
    """Paint a photo in the style of another picture (neural style transfer, Gatys et al. 2015).

    It takes up to a second per step at 480 pixels without a GPU. The PNG carries its settings.

    Args:
        photo: The picture to be painted.
        style: The painting, drawing or texture to paint it like.
        alpha: Weight of the photo, 0 to 10.
        beta: Weight of the paint, 0 to 100; 1 is gentle, 5 balanced, 20 bold.
        tv: Weight of smoothness, 0 to 10.
        steps: How many steps to make, 1 to 500.
        size: Longer side of the result in pixels; limited by the server.
        style_layers: VGG layers at which the style is matched.
        content_layer: VGG layer at which the photo is matched.
        statistic: What makes a style: gram, bures, wasserstein, covariance or correlation.
        seed: Kept in the picture's settings; equal calls give equal pictures.
        style_scale: Size of the brush strokes, 0.25 to 4.
        match_colors: Whether the style is given the photo's colours first.
        keep_colors: How many of the photo's colours the picture keeps, 0 to 1.
        other_style: A second style, to be mixed with the first.
        other_weight: Weight of the second style; the first has 1.
        mask: A picture over the photo: black leaves it, white paints it, greys less so.

    Returns:
        The painted picture as a PNG file.
    """
    try:
        settings = Settings(
            alpha=alpha,
            beta=beta,
            tv=tv,
            steps=whole_number("steps", steps, 1, min(MAX_STEPS, context.service.limits.steps)),
            style_layers=dict.fromkeys(style_layers, 1.0),
            content_layer=content_layer,
            statistic=statistic,
            style_scale=style_scale,
            match_colors=match_colors,
            keep_colors=keep_colors,
            style_weights=(1, other_weight),
        )
        if not photo or not style:
            raise ValueError("A photo and a style picture are needed.")
        recipe = Recipe(
            photo=Path(photo).name,
            style=Path(style).name,
            more_styles=(Path(other_style).name,) if other_style else (),
            mask=Path(mask).name if mask else "",
            size=whole_number("size", size, MIN_SIDE, MAX_SIZE),
            seed=seed,
            settings=settings,
        )
        session = context.sessions.of(session_key(request))
        given = [file for file in (photo, style, other_style, mask) if file]
        session.uploads |= {Path(file) for file in given}
        styles = read_styles([file for file in (style, other_style) if file], mask)
        yield from _paint(context, session, photo, styles, recipe)
    except ValueError as error:
        raise error_on_page(str(error)) from error


def build(context: PageContext) -> None:
    """Place the endpoint's inputs, hidden, and the event that programs call."""
    default, limits = Settings(), context.service.limits
    with gr.Group(visible=False):
        inputs = [
            picture_input("Photo"),
            picture_input("Style"),
            gr.Number(default.alpha, label="alpha"),
            gr.Number(default.beta, label="beta"),
            gr.Number(default.tv, label="tv"),
            gr.Number(default.steps, precision=0, label="steps"),
            gr.Number(min(default_size(), MAX_SIZE), precision=0, label="size"),
            gr.CheckboxGroup(list(LAYERS), value=list(default.style_layers), label="style layers"),
            gr.Dropdown(list(LAYERS), value=default.content_layer, label="content layer"),
            gr.Dropdown(list(STATISTICS), value=default.statistic, label="statistic"),
            gr.Number(0, precision=0, label="seed"),
            gr.Number(default.style_scale, label="style scale"),
            gr.Checkbox(default.match_colors, label="match colors"),
            gr.Number(default.keep_colors, label="keep colors"),
            picture_input("Other style"),
            gr.Number(1.0, label="other weight"),
            picture_input("Mask"),
        ]
        picture = gr.Image(label="Picture", type="filepath", format="png", interactive=False)
        gr.Button("Stylize").click(
            MethodType(stylize, context),  # Gradio documents the arguments after the first
            inputs,
            picture,
            api_name="stylize",
            concurrency_limit=limits.runs + limits.waiting,  # they wait in our admission queue
        )


def _paint(
    context: PageContext, session: Session, photo: str, styles: Styles, recipe: Recipe
) -> Iterator[str | None]:
    """Yield None at least every HEARTBEAT seconds, so that Gradio can end it, then the picture."""
    content = to_tensor(open_image(photo), recipe.size)
    service = context.service
    service.limits.check_size(*content.shape[-2:])
    ticket, run = service.admission.join(), None
    try:
        while service.admission.ahead(ticket):
            yield None
            service.admission.wait(ticket, HEARTBEAT)
            if session.has_left:
                return
        run = service.start(Job(content, styles, recipe.settings, seed=recipe.seed))
        for _ in run.frames():
            if session.has_left:
                return
            yield None
    finally:  # also where the caller is gone
        if run:
            run.stop()
        service.admission.leave(ticket)
    if run.error or run.frame is None:
        raise ValueError(str(run.error or "The run made no picture."))
    yield _save(session, run.frame, replace(recipe, step=run.frame.step))


def _save(session: Session, frame: Frame, recipe: Recipe) -> str:
    folder = session.folder / secrets.token_hex(8)
    folder.mkdir()
    save(frame.picture, folder / "picture.png", recipe.to_json())
    return str(folder / "picture.png")
