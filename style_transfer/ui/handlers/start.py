"""Starting a run: anew, from a preview of another run, or where that one ended."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from style_transfer.engine import remaining_steps, resize_clamped, stages
from style_transfer.runs import Run
from style_transfer.ui.handlers.begin import RunStarter, pending_run, submitted
from style_transfer.ui.handlers.inputs import (
    painted_from,
    read_inputs,
    read_settings,
    token_in,
)
from style_transfer.ui.handlers.watch import Begin, View, watch_run
from style_transfer.ui.http.calls import (
    Values,
    by_elem_id,
    error_on_page,
    or_error_on_page,
    shorten,
)
from style_transfer.ui.panels.layout import view
from style_transfer.ui.session.pending_run import PendingRun
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.sent_strokes import SentStrokes
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext

LOOPBACK = ("127.0.0.1", "::1")


class StartHandlers:
    """Handlers that begin a run, and yield the view until it ends."""

    def __init__(self, context: PageContext) -> None:
        self._context, self._service = context, context.service
        self._starter = RunStarter(context.service)

    def submit(self, values: Values, request: gr.Request) -> None:
        """Store the values that the next run begins with.

        A call of its own, because Gradio processes the inputs of a call at each of its frames.
        """
        session = self._context.sessions.calling(request)
        self._context.sessions.submit(session, by_elem_id(values))
        session.token = token_in(session.start_values)
        session.is_local = bool(request.client) and request.client.host in LOOPBACK

    def refuse(self, request: gr.Request) -> None:
        """Raise gr.Error that says why `submit` failed: of unqueued calls the page shows none."""
        self._context.sessions.calling(request)
        raise error_on_page(
            "What you have set did not arrive; please try again, and if that fails "
            "choose your pictures again."
        )

    def start(self, request: gr.Request) -> Iterator[View]:
        """Start a run from the first image that was chosen."""
        session, named = submitted(self._context, request)
        if not session.may_start:
            yield view(session)
            return
        session.is_starting = True
        try:
            pending = self._read(session, named)
        finally:
            session.is_starting = False
        create = self._service.checkpoints.create
        pending.checkpoint = create(session.token, pending.inputs.tensors)

        def begin() -> tuple[RunRecord, Run]:
            record = session.records.new(pending.inputs)
            record.strokes = SentStrokes(strokes := session.strokes_to_come)
            run = self._starter.run(session, record, pending, pending.checkpoint, strokes=strokes)
            session.strokes_to_come = ()
            return record, run

        yield from watch_run(self._context, session, begin, pending)

    def restart(self, request: gr.Request) -> Iterator[View]:
        """Start a run with what is chosen now, from the picture on the canvas."""
        session, named = submitted(self._context, request)
        if session.preview is None:
            raise error_on_page("There is no picture to go on from yet.")
        pending = self._read(session, named)
        begin = self._branching(session, pending)
        yield from watch_run(self._context, session, begin, pending)

    def branch(self, request: gr.Request) -> Iterator[View]:
        """Start a run from the preview on the canvas, with the settings of that preview."""
        session, named = submitted(self._context, request)
        record, preview = session.selected, session.preview
        if record is None or preview is None:
            raise error_on_page("There is no moment to branch from yet.")
        reader = self._context.reader.of(session.visitor)
        inputs = or_error_on_page(painted_from, record, preview, reader)
        pending = pending_run(named, inputs, preview.settings)
        begin = self._branching(session, pending, copies=True)
        yield from watch_run(self._context, session, begin, pending)

    def continue_run(self, request: gr.Request) -> Iterator[View]:
        """Make more steps with the selected run, as if it had not ended."""
        session, named = submitted(self._context, request)
        record = session.selected
        if record is None or record.last_frame is None:
            raise error_on_page("There is no run to go on with yet.")
        pending = pending_run(named, record.inputs, read_settings(named, self._service.limits))
        first = record.last_frame.step + 1

        def begin() -> tuple[RunRecord, Run]:
            record.fetch()
            if pending.inputs is not record.inputs:
                record.change_inputs(pending.inputs, lambda _: None)  # checked when they came
            settings = replace(pending.settings, steps=max(pending.settings.steps, first))
            job = replace(record.waking_job(), settings=settings)
            return record, self._starter.begin(session, record, job, pending, settles=False)

        yield from watch_run(self._context, session, begin, pending)

    def wake(self, request: gr.Request) -> Iterator[View]:
        """Make the steps that a change at rest needs, with the picture as it is."""
        session = self._context.sessions.calling(request)
        record = session.at_rest
        if record is None or not record.is_changed:  # it was pressed twice
            yield view(session)
            return

        def begin() -> tuple[RunRecord, Run]:
            record.fetch()
            job, lasting = record.waking_job(), record.lasting()
            return record, self._starter.start(session, record, job, lasting)

        try:
            yield from watch_run(self._context, session, begin)
        except gr.Error as error:
            session.notice = shorten(error.message)
            record.give_up()
            raise

    def _read(self, session: Session, named: Mapping[str, Any]) -> PendingRun:
        inputs = read_inputs(session, named, self._context.reader.of(session.visitor))
        return pending_run(named, inputs, read_settings(named, self._service.limits))

    def _branching(self, session: Session, pending: PendingRun, copies: bool = False) -> Begin:
        """Return how to begin a run from the preview that is on the canvas now.

        It is the first preview of that run where it `copies` it.
        """
        parent, preview = session.selected, session.preview
        assert parent is not None
        assert preview is not None
        picture = parent.image_of(preview)

        def begin() -> tuple[RunRecord, Run]:
            inputs, steps, step = pending.inputs, pending.settings.steps, preview.step
            size = inputs.content.shape[-2], inputs.content.shape[-1]
            image = resize_clamped(picture, size)
            if step >= steps:  # that run was finished: repeat the finest stage
                step = sum(remaining_steps(stages(size), 0, steps)[:-1])
            same_photo = preview.origin.source.file == inputs.photo_file
            strokes = preview.strokes if same_photo else ()  # of another photo they mean nothing
            origin = f" from step {preview.step} of {parent.short_name}"
            record = session.records.new(inputs, origin)
            record.strokes = SentStrokes(strokes)
            if copies:
                record.timeline.add_copy(replace(preview, step=step))
            options: dict[str, Any] = {"strokes": strokes, "init_strokes": strokes}
            options |= {"init": image, "step": step}
            return record, self._starter.run(session, record, pending, **options)

        return begin
