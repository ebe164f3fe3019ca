"""Take home: files of the picture and of its way there, and settings that come back from them."""

import re
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from style_transfer.checks import one_of
from style_transfer.images import FILM_FORMATS, PICTURE_FORMATS, open_image, save, to_tensor
from style_transfer.recipe import Recipe, read_recipe, save_recipe, to_query
from style_transfer.ui.handlers.steering import SESSIONS
from style_transfer.ui.http.calls import Values, by_elem_id, or_error_on_page, session_key
from style_transfer.ui.panels import controls
from style_transfer.ui.session.session import Session

PICTURES = {each.label: suffix for suffix, each in PICTURE_FORMATS.items() if each.label}
FILMS = {each.label: (ending, each.save) for ending, each in FILM_FORMATS.items()}
SETTINGS = "Settings file"
CHOICES = [*PICTURES, *FILMS, SETTINGS]
RESTORED = ("settings", "link", "size", "seed", "init", "optimizer", "network", "pooling")


def export(values: Values, request: gr.Request) -> str:
    """Return the path of the file that was asked for, made from what is looked at."""
    session, named = SESSIONS.find(session_key(request)), by_elem_id(values)
    record, moment = session.shown, session.moment
    if record is None or moment is None:
        raise gr.Error("There is no picture of yours to take home yet.", print_exception=False)
    recipe, kind = record.recipe(moment), named["kind"]
    or_error_on_page(one_of, "kind of file", kind, CHOICES)
    if kind in FILMS:
        ending, save_film = FILMS[kind]
        file = _file(session, recipe, ending)
        frames = [each.seen for each in record.moments]
        or_error_on_page(save_film, frames, file, named["seconds"], named["hold"])
    elif kind == SETTINGS:
        file = _file(session, recipe, ".json")
        save_recipe(recipe, file)
    else:
        file = _file(session, recipe, PICTURES[kind])
        save(_exact(session), file, recipe.to_json())
    return str(file)


def film_chosen(kind: str) -> Any:
    """Return the row of what only a film has, seen where a film was chosen."""
    return gr.update(visible=kind in [*FILMS])  # a list compares what cannot be a key as well


def restore(file: str | None) -> tuple[Any, ...]:
    """Return controls, link and choices as they are in a picture or settings file made here."""
    if file is None:
        return tuple(gr.skip() for _ in RESTORED)
    recipe = or_error_on_page(read_recipe, file)
    chosen = (getattr(recipe, name) for name in RESTORED[2:])
    gr.Info(f"Settings of {Path(file).name} are back.{_missing(recipe)}")
    values = controls.to_value(recipe.settings, recipe.preview_every)
    return values, to_query(recipe.settings), *chosen


def _missing(recipe: Recipe) -> str:
    """Return in a sentence what a file cannot bring back of a run with more than a style."""
    if not recipe.more_styles and not recipe.mask:
        return ""
    names = [recipe.style, *recipe.more_styles, *(["its regions"] if recipe.mask else [])]
    return f" Pictures are not in it: choose {', '.join(names)} again."


def _exact(session: Session) -> Tensor:
    """Return the picture that is looked at as exactly as it is kept."""
    record, moment = session.shown, session.moment
    assert record is not None
    assert moment is not None
    if record.last is not None and record.last.step == moment.step:
        return record.last.picture
    return to_tensor(open_image(moment.seen))


def _file(session: Session, recipe: Recipe, ending: str) -> Path:
    stems = (Path(name).stem for name in (recipe.photo, recipe.style))
    name = "-".join([*stems, f"step{recipe.step}"])
    folder = session.folder / "taken"
    folder.mkdir(exist_ok=True)
    return folder / (re.sub(r"[^\w.-]+", "_", name)[:120] + ending)
