"""Files to take home, and settings that come back from them."""

import re
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from style_transfer.checks import number, one_of
from style_transfer.engine import resize_clamped
from style_transfer.images import (
    PICTURE_FORMATS,
    PRINT_DPI,
    TIMELAPSE_FORMATS,
    Export,
    laid_on,
    open_image,
    save,
    to_tensor,
)
from style_transfer.recipe import Recipe, save_recipe
from style_transfer.ui.handlers.inputs import filled, painted_from
from style_transfer.ui.handlers.walking import walk
from style_transfer.ui.http.calls import (
    Values,
    by_elem_id,
    error_on_page,
    inform_on_page,
    or_error_on_page,
    session_key,
    visitor_of,
)
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.start_options import SIZE_ID, START_OPTION_IDS, size_value
from style_transfer.ui.panels.take_home import (
    BACKGROUND_ID,
    KINDS,
    PICTURES,
    SETTINGS,
    TIMELAPSES,
    PictureKind,
    chosen_background,
)
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext
from style_transfer.ui.session.timeline import Preview

RESTORED_IDS = ("settings", SIZE_ID, *START_OPTION_IDS)
SUFFIXES = {kind: each.suffix for kind, each in PICTURES.items()} | TIMELAPSES | {SETTINGS: ".json"}
MAX_NAME = 120  # bytes before the suffix; file systems allow 255 in all


class DownloadHandlers:
    """Handlers of the files that a visitor takes home or brings back."""

    def __init__(self, context: PageContext) -> None:
        self._sessions, self._reader = context.sessions, context.reader

    def export(self, values: Values, request: gr.Request) -> str:
        """Return a file of the kind that was chosen, of what the canvas shows, also of a preview
        just walked to."""
        session, named = self._sessions.find(session_key(request)), by_elem_id(values)
        walk(session, values)
        record, preview = session.selected, session.preview
        if record is None or preview is None:
            raise error_on_page("There is no picture of yours to take home yet.")
        recipe, kind = record.recipe(preview), named["kind"]
        or_error_on_page(one_of, "kind of file", kind, KINDS)
        suffix = SUFFIXES[kind]
        with session.exports.new(f"{_stem(recipe)}{suffix}") as file:
            if kind in TIMELAPSES:
                frames = [each.shown_file for each in record.previews]
                times = named["seconds"], named["hold"]
                for what, seconds in zip(("length", "hold"), times, strict=True):
                    or_error_on_page(number, what, filled(what, seconds))
                or_error_on_page(TIMELAPSE_FORMATS[suffix].save, frames, file, *times)
            elif kind == SETTINGS:
                save_recipe(recipe, file)
            else:
                arguments = session, record, preview, PICTURES[kind], named[BACKGROUND_ID]
                picture, export = or_error_on_page(self._exported, *arguments)
                save(picture, file, recipe.to_json(), export)
        return str(file)

    def _exported(
        self,
        session: Session,
        record: RunRecord,
        preview: Preview,
        kind: PictureKind,
        background: Any,
    ) -> tuple[Tensor, Export]:
        """Return the picture on the canvas, and how it is written as a `kind` of file.

        Raises ValueError, one sentence, for a photo that cannot be read any more.
        """
        picture, reader = _picture(record, preview), self._reader.of(session.visitor)
        if (opacity := painted_from(record, preview, reader).opacity) is not None:
            opacity = resize_clamped(opacity, (picture.shape[-2], picture.shape[-1]))
            keep, colour = chosen_background(background)
            if not keep or not PICTURE_FORMATS[kind.suffix].transparent:
                picture, opacity = laid_on(colour, picture, opacity), None
        return picture, Export(kind.depth, opacity=opacity, dpi=PRINT_DPI)

    def show_film_options(self, kind: str) -> Any:
        """Return the row of options that only films have, visible where one was chosen."""
        return gr.update(visible=kind in [*TIMELAPSES])  # a list, since `kind` may be unhashable

    def restore(self, file: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Return the values of RESTORED_IDS as they are in a picture or settings file."""
        if file is None:
            return tuple(gr.skip() for _ in RESTORED_IDS)
        recipe = or_error_on_page(self._reader.of(visitor_of(request)).recipe, file)
        options = (getattr(recipe, elem_id) for elem_id in START_OPTION_IDS)
        repeated = self._sessions.calling(request).repeat(recipe.strokes)
        inform_on_page(f"Settings of {Path(file).name} are back.{repeated}{_missing(recipe)}")
        settings = controls.to_value(recipe.settings, recipe.preview_every)
        size = size_value(recipe.size, recipe.enlarge)
        return settings, size, *options


def _missing(recipe: Recipe) -> str:
    """Return in sentences what is not in it, and must be chosen again, "" for nothing."""
    left_out = f" Left out of it are {recipe.left_out}." if recipe.left_out else ""
    if not recipe.more_styles and not recipe.mask:
        return left_out
    names = [recipe.style, *recipe.more_styles, *(["its regions"] if recipe.mask else [])]
    return f"{left_out} Pictures are not in it: choose {', '.join(names)} again."


def _picture(record: RunRecord, preview: Preview) -> Tensor:
    """Return the picture on the canvas: the exact one where it is the newest of its run."""
    frame = record.last_frame
    if frame is not None and preview.shows(frame):
        return frame.picture
    return to_tensor(open_image(preview.shown_file))


def _stem(recipe: Recipe) -> str:
    """Return the name of a file of this recipe, without its suffix."""
    stems = (Path(name).stem for name in (recipe.photo, recipe.style))
    name = re.sub(r"[^\w.-]+", "_", "-".join([*stems, f"step{recipe.step}"]))
    return name.encode()[:MAX_NAME].decode(errors="ignore")  # no half of a character
