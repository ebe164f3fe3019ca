"""Beginning a run with what a page submitted."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from style_transfer.runs import CheckpointWriter, Job, Lasting, Run, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.inputs import steps_after_change
from style_transfer.ui.http.calls import error_on_page, or_error_on_page
from style_transfer.ui.panels import controls
from style_transfer.ui.session.pending_run import PendingRun
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext


def submitted(context: PageContext, request: gr.Request) -> tuple[Session, Mapping[str, Any]]:
    """Return the session of a page and the newest values that it submitted: where two buttons were
    pressed at once, both begin with these."""
    session = context.sessions.calling(request)
    named = session.start_values
    if not named:
        raise error_on_page("Nothing was chosen yet to begin with.")
    or_error_on_page(controls.to_settings, named["settings"])
    return session, named


def pending_run(named: Mapping[str, Any], inputs: RunInputs, settings: Settings) -> PendingRun:
    """Return what a run will begin with, of values that a page submitted. Raises gr.Error."""
    value = named["settings"]
    more: int = or_error_on_page(steps_after_change, named)
    return PendingRun(inputs, settings, value["preview_every"], more, controls.moves_in(value))


class RunStarter:
    """Starts the runs of records. Raises gr.Error, one sentence, for those that are refused."""

    def __init__(self, service: RunService) -> None:
        self._service = service

    def run(
        self,
        session: Session,
        record: RunRecord,
        pending: PendingRun,
        checkpoint: CheckpointWriter | None = None,
        **options: Any,
    ) -> Run:
        """Return a run of a new record with the settings of `pending`, started; `options` are those
        of `Job`."""
        job = record.inputs.job(pending.settings, **options)
        return self.begin(session, record, job, pending, checkpoint)

    def begin(
        self,
        session: Session,
        record: RunRecord,
        job: Job,
        pending: PendingRun,
        checkpoint: CheckpointWriter | None = None,
        settles: bool = True,
    ) -> Run:
        """Return a run of `job` for a record, which waited as `pending`, started."""
        record.preview_every = pending.preview_every
        record.steps_after_change = pending.steps_after_change
        before = record.checkpoint
        record.checkpoint = checkpoint or before
        try:
            lasting = Lasting(pending.steps_after_change, settles=settles)
            return self.start(session, record, job, lasting)
        except gr.Error:
            record.checkpoint = before
            session.records.refuse(record)
            raise

    def start(self, session: Session, record: RunRecord, job: Job, lasting: Lasting) -> Run:
        """Return a run of `job` for a record, started."""
        before, create = record.checkpoint, self._service.checkpoints.create
        record.checkpoint = before or create(session.token, record.inputs.tensors)
        try:
            run: Run = or_error_on_page(
                self._service.start,
                job,
                preview_every=record.preview_every,
                lasting=lasting,
                on_frame=record.write_checkpoint,
                after=session.run,
                visitor=session.visitor,
            )
        except gr.Error:
            record.checkpoint = before
            raise
        return run
