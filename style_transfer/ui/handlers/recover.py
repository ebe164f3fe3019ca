"""Runs of a browser that were cut off, or rest: they are offered, and go on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer.runs import Checkpoint, CheckpointWriter, Run, kept_run
from style_transfer.ui.handlers.begin import RunStarter, pending_run, submitted
from style_transfer.ui.handlers.inputs import token_in
from style_transfer.ui.handlers.watch import View, watch_run
from style_transfer.ui.http.calls import Values, by_elem_id, error_on_page, or_error_on_page
from style_transfer.ui.panels import controls, interrupted
from style_transfer.ui.panels.inputs import CONTENT_ID, STYLE_IDS
from style_transfer.ui.panels.layout import view
from style_transfer.ui.panels.start_options import SIZE_ID, size_value
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext

BROUGHT_IDS = ("settings", SIZE_ID, CONTENT_ID, *STYLE_IDS)


class RecoverHandlers:
    """Handlers of what an earlier page, or server, left to the visitor."""

    def __init__(self, context: PageContext) -> None:
        self._context, self._service = context, context.service
        self._starter = RunStarter(context.service)

    def find_interrupted(self, values: Values) -> dict[str, Any]:
        """Return the offer of a run of this browser that was interrupted or rests."""
        token = token_in(by_elem_id(values))
        folder = self._service.checkpoints.find(token)
        found = kept_run(folder) if folder else None
        return interrupted.offer(token, found, asked=True)

    def interrupted_inputs(self, values: Values, request: gr.Request) -> tuple[Any, ...]:
        """Return the values of BROUGHT_IDS, as the interrupted run of this browser has them."""
        writer = self._service.checkpoints.claim(token_in(by_elem_id(values)))
        if writer is None:
            return tuple(gr.skip() for _ in BROUGHT_IDS)
        try:
            checkpoint: Checkpoint = or_error_on_page(writer.load)
        finally:
            writer.release()
        recipe, session = checkpoint.recipe, self._context.sessions.calling(request)
        names = recipe.style, *recipe.more_styles
        photo = session.pictures.save_photo(checkpoint.content, recipe.photo, checkpoint.opacity)
        styles = [
            session.pictures.save_photo(image, name)
            for image, name in zip(checkpoint.styles.images, (*names, *[""] * 4), strict=False)
        ]
        session.brought = [str(file) for file in (photo, *styles)]
        missing = [None] * (len(STYLE_IDS) - len(styles))
        settings = controls.to_value(recipe.settings, recipe.preview_every)
        size = size_value(recipe.size, recipe.enlarge)
        return settings, size, *session.brought, *missing

    def recover(self, request: gr.Request) -> Iterator[View]:
        """Continue this visitor's interrupted run from its checkpoint."""
        session, named = submitted(self._context, request)
        writer = self._service.checkpoints.claim(token_in(named))
        if writer is None:
            raise error_on_page("There is no interrupted run any more.")
        run = state = record = None

        def begin() -> tuple[RunRecord, Run]:
            nonlocal run, state
            origin = f", continued at step {recipe.step}" if recipe.step else ""
            record = session.records.new(inputs, origin, losses)
            run = self._starter.run(session, record, pending, checkpoint=writer, state=state)
            state = None  # its optimiser memory would be held until the run ends
            return record, run

        try:
            checkpoint = or_error_on_page(writer.load)
            recipe, content, losses = checkpoint.recipe, checkpoint.content, checkpoint.losses
            if not session.brought:
                photo = session.pictures.save_photo(content, recipe.photo, checkpoint.opacity)
                session.brought = [str(photo)]
            file, *style_files = session.brought
            read = Path(file), recipe, checkpoint.opacity, tuple(style_files)
            inputs = RunInputs(content, checkpoint.styles, *read)
            if checkpoint.rests:
                record = _brought_back(session, inputs, checkpoint, writer)
                self._context.resting.add(session.visitor, record)
                session.stop_run()
                session.take_up(record)
                session.notice = ""  # of what was there before
                yield view(session)
                return
            state = checkpoint.state if recipe.step else None  # which begins as any other run
            del checkpoint
            pending = pending_run(named, inputs, recipe.settings)
            pending.preview_every = recipe.preview_every
            yield from watch_run(self._context, session, begin, pending)
        finally:
            if run is None and record is None:  # refused, or left while waiting
                writer.release()  # it can be continued another time


def _brought_back(
    session: Session, inputs: RunInputs, checkpoint: Checkpoint, writer: CheckpointWriter
) -> RunRecord:
    """Return a new record that rests as `checkpoint` does. Raises OSError as `bring_back` does."""
    record = session.records.new(inputs, losses=checkpoint.losses)
    try:
        record.bring_back(checkpoint, writer)
    except OSError:
        session.records.refuse(record)
        raise
    return record
