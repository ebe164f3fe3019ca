"""Steering a run: knobs, pause and stop; and what the canvas shows."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.links import from_query, strokes_from_query
from style_transfer.settings import Settings
from style_transfer.ui.handlers.inputs import (
    filled,
    use_knobs,
)
from style_transfer.ui.handlers.walking import index, walk
from style_transfer.ui.handlers.watch import View
from style_transfer.ui.http.calls import (
    Values,
    by_elem_id,
    inform_on_page,
    or_error_on_page,
    session_key,
    shorten,
    warn_on_page,
)
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.layout import view
from style_transfer.ui.panels.start_options import size_value
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext


class SteeringHandlers:
    """Handlers that answer at once."""

    def __init__(self, context: PageContext) -> None:
        self._sessions, self._service = context.sessions, context.service

    def steer(self, values: Values, request: gr.Request) -> Any:
        """Give the settings of the knobs to the run; return the view where it changes without a
        step.

        A knob that is refused, in the status line, keeps its last value; the others act. Of calls
        that overtake each other the one with the most moves counts.
        """
        session, named = self._session(request), by_elem_id(values)
        with session.steering_lock:
            moves = controls.moves_in(named["settings"], session.moves)
            if moves < session.moves:
                return gr.skip()
            session.moves, session.moved = moves, named
            return self._steer(session, named)

    def _steer(self, session: Session, named: Mapping[str, Any]) -> Any:
        try:
            used = use_knobs(session, named, self._service.limits)
        except ValueError as error:
            session.notice = shorten(str(error))
            return gr.skip() if session.is_busy else view(session)
        record, preview = session.selected, session.preview
        if session.is_busy or record is None or preview is None:
            return gr.skip()
        if preview.settings.keep_colors != used["keep_colors"]:
            session.select(record, record.recolor(preview, used["keep_colors"]))
        return view(session)

    def pause(self, request: gr.Request) -> View:
        """Pause the run, or resume it."""
        session = self._session(request)
        run, place = session.run, session.place
        # One that ends is followed by another, whose place it is.
        if run and place and not (run.stopping or run.ended):
            if run.paused:
                run.resume()
            else:
                run.pause()
            self._service.admission.pause(place.ticket, run.paused)
        return view(session)

    def stop(self, request: gr.Request) -> Any:
        """End the run after the step under way, leave the queue, or let no change wake it."""
        session = self._session(request)
        with session.steering_lock:
            at_rest = session.at_rest
            session.stop()
        # Otherwise its own event shows the end: before that, Start would be pressed in vain.
        return view(session) if at_rest else gr.skip()

    def show_preview(self, values: Values, request: gr.Request) -> View:
        """Show another preview of the selected run."""
        session = self._session(request)
        walk(session, values)
        return view(session)

    def show_run(self, values: Values, request: gr.Request) -> View:
        """Show another run of this page."""
        session, chosen = self._session(request), index(values, "runs", "chosen")
        if chosen < len(session.records):
            session.select(session.records[chosen])
        return view(session)

    def preview_settings(self, values: Values, request: gr.Request) -> tuple[Any, Any]:
        """Return settings and size of the preview on the canvas, also of one just walked to."""
        session, settings_now = self._session(request), by_elem_id(values)["settings"]
        walk(session, values)
        preview = session.preview
        if preview is None:
            return gr.skip(), gr.skip()
        or_error_on_page(controls.to_settings, settings_now)
        every, moves = settings_now["preview_every"], settings_now["moves"]
        settings = controls.to_value(preview.settings, every, moves)
        source = preview.origin.source
        return settings, size_value(source.side, source.enlarge)

    def add_steps(self, values: Values, request: gr.Request) -> Any:
        """Return the settings with as many steps as the selected run has and those to be added."""
        session, named = self._session(request), by_elem_id(values)
        if session.selected is None or session.selected.last_frame is None:
            return gr.skip()
        or_error_on_page(controls.to_settings, named["settings"])
        most, step = self._service.limits.steps, session.selected.last_frame.step
        what = "steps to continue for"
        more = or_error_on_page(whole_number, what, filled(what, named["more"]), 1, most)
        or_error_on_page(self._service.limits.check_steps, step + more)
        return named["settings"] | {"steps": step + more}

    def link_settings(self, request: gr.Request) -> tuple[Any, Any]:
        """Return the settings in the address of the page, and the view where it has strokes, which
        come with the next start."""
        query = dict(request.query_params)
        try:
            settings, strokes = from_query(query), strokes_from_query(query)
        except ValueError as error:
            warn_on_page(str(error))
            return gr.skip(), gr.skip()
        shown = gr.skip()
        if strokes:
            session = self._sessions.calling(request)
            inform_on_page(session.repeat(strokes).strip())
            shown = view(session)
        if settings == Settings():
            return gr.skip(), shown
        return controls.to_value(settings, moves=0), shown

    def leave(self, request: gr.Request) -> None:
        """End the run of a page that was closed, and forget what it owned."""
        self._sessions.close(session_key(request))

    def _session(self, request: gr.Request) -> Session:
        return self._sessions.find(session_key(request))
