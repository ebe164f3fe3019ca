"""The endpoint for programs: one call, one picture, queued with the runs of the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from style_transfer.checks import whole_number
from style_transfer.engine import Frame, Styles, masked
from style_transfer.images import MIN_SIDE, Export, save
from style_transfer.recipe import Recipe
from style_transfer.runs import HEARTBEAT, OUT_OF_TIME, Job, Run
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.handlers.endpoint_parameters import (
    CALL_STEPS,
    document,
    max_side,
    parameters,
    read_layers,
)
from style_transfer.ui.http.calls import error_for_program
from style_transfer.ui.http.gradio_internals import use_value_unread
from style_transfer.ui.session.picture_reader import PictureReader
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext

MAX_UPLOADS = 16  # of a program that are kept for its next calls, however many it makes


def build(context: PageContext) -> None:
    """Place the endpoint's inputs, hidden, and the event that programs call."""
    limits, described = context.service.limits, parameters()

    def call(request: gr.Request, *values: Any) -> Iterator[str | None]:
        given = dict(zip(described, values, strict=True))
        yield from stylize(context, context.sessions.calling(request), given)

    document(call, described)
    with gr.Group(visible=False):
        inputs = [each.component() for each in described.values()]
        for each in inputs:
            if not isinstance(each, gr.Image):
                use_value_unread(each)  # what does not fit, its knob refuses in a sentence
        picture = gr.Image(label="Picture", type="filepath", format="png", interactive=False)
        gr.Button("Stylize").click(
            call,
            inputs,
            picture,
            api_name="stylize",
            concurrency_limit=limits.runs + limits.waiting,  # they wait in our admission queue
        )


def stylize(
    context: PageContext, session: Session, given: Mapping[str, Any]
) -> Iterator[str | None]:
    """Yield None while a picture is in the making, then the path of its PNG file.

    `session` is the caller's, `given` has a value for each of `parameters`. Raises gr.Error, one
    sentence, for a value that is refused.
    """
    try:
        recipe = _recipe(context, given)
        files = [file for file in (given["style"], given["other_style"]) if file]
        _keep_uploads(session, [given["photo"], *files, *filter(None, [given["mask"]])])
        reader = context.reader.of(session.visitor)
        content, opacity = reader.photo(given["photo"], recipe.size)
        styles = _styles(reader, files, given["mask"]).where_seen(opacity)
        # Before anything is painted for which the disk has no room.
        with session.answers.new("picture.png") as file:
            for frame in _paint(context, session, content, styles, recipe):
                yield _save(frame, recipe, opacity, file) if frame else None
    except ValueError as error:
        raise error_for_program(str(error)) from error


def _keep_uploads(session: Session, files: Sequence[str]) -> None:
    """Keep the uploads that a call names, which the next may name again; the oldest may go."""
    before, named = session.called_with, list(map(Path, files))
    session.called_with = [*(each for each in before if each not in named), *named][-MAX_UPLOADS:]
    session.uploads = session.uploads.difference(before).union(session.called_with)


def _recipe(context: PageContext, given: Mapping[str, Any]) -> Recipe:
    most = min(CALL_STEPS, context.service.limits.steps)
    values = {name: value for name, value in given.items() if name in KNOBS}
    values["steps"] = whole_number("steps", given["steps"], 1, most)
    values["style_layers"] = read_layers(given["style_layers"])
    settings = Settings(**values | {"style_weights": (1, given["other_weight"])})
    if not given["photo"] or not given["style"]:
        raise ValueError("A photo and a style picture are needed.")
    names: dict[str, Any] = {
        name: Path(given[name] or "").name for name in ("photo", "style", "mask")
    }
    return Recipe(
        **names,
        more_styles=(Path(given["other_style"]).name,) if given["other_style"] else (),
        size=whole_number("size", given["size"], MIN_SIDE, max_side()),
        seed=given["seed"],
        settings=settings,
    )


def _styles(reader: PictureReader, files: Sequence[str], mask: str | None) -> Styles:
    """Return the style images in `files`, placed by the mask in another file if there is one."""
    images = tuple(map(reader.style, files))
    return masked(images, reader.mask(mask)) if mask else Styles(images)


def _paint(
    context: PageContext, session: Session, content: Tensor, styles: Styles, recipe: Recipe
) -> Iterator[Frame | None]:
    """Yield None every HEARTBEAT seconds, so that Gradio can end it, then the last frame."""
    service = context.service
    _check_is_there(session)  # who has left takes no place, not even for a moment
    ticket, run = service.admission.join(session.visitor), None
    try:
        while service.admission.ahead(ticket):
            yield None
            service.admission.wait(ticket, HEARTBEAT)
            _check_is_there(session)
        run = service.start(
            Job(content, styles, recipe.settings, seed=recipe.seed), visitor=session.visitor
        )
        for _ in run.frames():
            _check_is_there(session)
            yield None
    finally:  # also where the caller is gone
        if run:
            run.stop()
        service.admission.leave(ticket)
    if run.frame is None or (run.error and not _is_cut_short(run)):
        raise ValueError(str(run.error or "The run made no picture."))
    yield run.frame


def _is_cut_short(run: Run) -> bool:
    """Return whether a run has a picture, but not all of its steps in the time that it had."""
    is_late = run.outcome is not None and run.outcome.word == OUT_OF_TIME
    return is_late and run.frame is not None and run.frame.step > 0


def _check_is_there(session: Session) -> None:
    """Raise ValueError where the caller has left: one who has not after all gets a reason."""
    if session.has_left:
        raise ValueError("This call was ended, since its connection seemed to be closed.")


def _save(frame: Frame, recipe: Recipe, opacity: Tensor | None, file: Path) -> str:
    text = replace(recipe, step=frame.step).to_json()
    save(frame.picture, file, text, Export(opacity=opacity))
    return str(file)
