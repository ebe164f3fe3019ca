"""The pictures that a run is made from, changed while it paints or rests: photo, size, styles."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer.ui.handlers.inputs import (
    chosen_styles,
    style_files,
    style_names,
    with_photo,
)
from style_transfer.ui.http.calls import (
    Values,
    by_elem_id,
    error_on_page,
    session_key,
    shorten,
)
from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.inputs import CONTENT_ID, STYLE_IDS
from style_transfer.ui.panels.layout import view
from style_transfer.ui.panels.start_options import SIZE_ID, chosen_size
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext


class PictureHandlers:
    """Handlers that give other pictures to the run. What does not fit is refused in its status
    line, and the run goes on as it is."""

    def __init__(self, context: PageContext) -> None:
        self._sessions, self._service = context.sessions, context.service
        self._reader = context.reader

    def change_styles(self, values: Values, request: gr.Request) -> Any:
        """Give the styles and the mask that are chosen now to the run; return the view where it
        changes without a step."""
        session, named = self._sessions.find(session_key(request)), by_elem_id(values)
        chosen, files = [named[elem_id] for elem_id in STYLE_IDS], style_files(named)
        has_gap = any(chosen[len(files) :])  # the page moves them up, and calls again
        # Without a style a run goes on with those it has; to be brought back is no change.
        is_new = files and (files != session.brought[1:] or style_names(named)["mask"])
        if is_new and not has_gap:
            settings = named["settings"]  # whose weights may just have been moved up
            moves = controls.moves_in(settings, session.moves)
            read = partial(self._with_styles, session, named)
            self._change(session, read, moves, style_weights=settings["style_weights"])
        return _view(session)

    def change_size(self, values: Values, request: gr.Request) -> Any:
        """Let the picture go on at the size that is chosen now; return the view as above."""
        session, named = self._sessions.find(session_key(request)), by_elem_id(values)
        self._change(session, partial(self._with_size, session, named[SIZE_ID]))
        return _view(session)

    def change_photo(self, values: Values, request: gr.Request) -> tuple[Any, Any]:
        """Give the photo that was just chosen to the run; regions of the one before go with it.

        Returns the value of an empty mask, over a JPEG of the photo, since browsers do not show all
        formats that can be painted, and the view as above.
        """
        file, photo = by_elem_id(values)[CONTENT_ID], ""
        session = self._sessions.calling(request)
        if file:
            with suppress(ValueError):  # which `check_upload` tells
                shown = self._reader.of(session.visitor).shown(file)
                photo = file_url(session.pictures.save_content(shown))
            session.uploads.add(Path(file))
        if file and file not in session.brought:
            self._change(session, partial(self._with_photo, session, Path(file)))
        return {"mask": "", "photo": photo}, _view(session)

    def check_upload(self, file: str | None, request: gr.Request) -> None:
        """Tell at once why a picture just chosen cannot be used, and what is painted instead."""
        if file:
            session = self._sessions.calling(request)
            session.uploads.add(Path(file))
            try:
                self._reader.of(session.visitor).shown(file)
            except ValueError as error:
                raise error_on_page(_refusal(session, error)) from error

    def _change(
        self,
        session: Session,
        read: Callable[[RunInputs], RunInputs],
        moves: float = 0,
        **knobs: Any,
    ) -> None:
        """Give what is steered the inputs that `read` makes of those it has, and the `knobs` that
        go with them, unless there have been more `moves` since; what is refused is told in the
        status line.

        Pictures are read without the lock, for which knobs and Stop would wait; where other ones
        came meanwhile, again.
        """
        check = partial(self._service.check, visitor=session.visitor)
        try:
            while steered := session.steered:
                inputs = steered.inputs
                changed = read(inputs)
                with session.steering_lock:
                    if session.steered is steered and steered.inputs is inputs:
                        moved = knobs if moves >= session.moves else {}
                        steered.change_inputs(changed, check, **moved)
                        session.notice = ""
                        return
        except ValueError as error:
            session.notice = _refusal(session, error)

    def _with_styles(
        self, session: Session, named: Mapping[str, Any], inputs: RunInputs
    ) -> RunInputs:
        files = style_files(named)
        session.uploads.update(map(Path, files))
        reader = self._reader.of(session.visitor)
        styles = chosen_styles(named, session.loaded_styles(files), reader)
        names = style_names(named)
        if names["mask"]:
            session.brought = []
        elif session.brought:  # the page does not show the regions that were brought back
            styles, names["mask"] = styles.with_masks_of(inputs.styles), inputs.recipe.mask
        session.brought = session.brought[:1]
        styles, recipe = styles.where_seen(inputs.opacity), replace(inputs.recipe, **names)
        return replace(inputs, styles=styles, recipe=recipe, style_files=tuple(files))

    def _with_size(self, session: Session, value: Any, inputs: RunInputs) -> RunInputs:
        chosen = chosen_size(value)
        source = replace(inputs.source, side=chosen["size"], enlarge=chosen["enlarge"])
        return with_photo(inputs, source, self._reader.of(session.visitor))

    def _with_photo(self, session: Session, file: Path, inputs: RunInputs) -> RunInputs:
        source = replace(inputs.source, file=file, name=file.name)
        return with_photo(inputs, source, self._reader.of(session.visitor))


def _refusal(session: Session, error: ValueError) -> str:
    """Return why a picture is refused, and where one is painted that it goes on as it is: its box
    may show the one that was refused, or none."""
    refused = shorten(str(error))
    if session.steered is None:
        return refused
    if session.is_busy:
        return f"{refused} The run goes on with what it has."
    return f"{refused} The picture stays as it is."


def _view(session: Session) -> Any:
    """Return the view where no run sends one."""
    return gr.skip() if session.is_busy else view(session)
