"""What happens when a visitor steers, pauses, stops, walks through the runs or leaves.

Values come as {component: value} and are read by the component's elem_id, never by position.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.images import open_image
from style_transfer.recipe import from_query, to_query
from style_transfer.runs import Checkpoint, step_of
from style_transfer.settings import MAX_STEPS, Settings
from style_transfer.ui.handlers import pictures
from style_transfer.ui.http.calls import Values, by_elem_id, or_error_on_page, session_key, shorten
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.view import view
from style_transfer.ui.service import SERVICE
from style_transfer.ui.session.session import Sessions

SESSIONS = Sessions()

Shown = dict[str, Any]


def steer(values: Values, request: gr.Request) -> tuple[Any, Any]:
    """Give the knobs to the run under way; return the query of the link that holds them, and the
    view where it changes without a step.

    What they may not be is said in the status line.
    """
    session = SESSIONS.find(session_key(request))
    named = by_elem_id(values)
    try:
        settings = controls.to_settings(named["settings"])
        SERVICE.limits.check_steps(settings.steps)
        if session.run and not session.run.ended:
            session.run.preview_every = named["settings"]["preview_every"]
            session.run.settings = settings
        session.notice = ""
    except ValueError as error:
        session.notice = shorten(str(error))
        return gr.skip(), gr.skip()
    record, moment = session.shown, session.moment
    if session.going or record is None or moment is None:
        return to_query(settings), gr.skip()
    if moment.settings.keep_colors != settings.keep_colors:
        session.look(record, record.recolor(moment, settings.keep_colors))
    return to_query(settings), view(session)


def restyle(values: Values, request: gr.Request) -> tuple[Any, ...]:
    """Let the run under way paint in the styles and regions that are chosen now.

    Returns the further style pictures and the controls, moved up where one between was taken away.
    """
    session, named = SESSIONS.find(session_key(request)), by_elem_id(values)
    chosen = [named[name] for name in pictures.MORE_STYLES]
    filled = [file for file in chosen if file]
    if filled != chosen[: len(filled)]:  # the change that this makes comes here again
        files = [*filled, *(None for _ in chosen[len(filled) :])]
        weights = named["settings"]["style_weights"]
        moved = [weights[0], *(w for w, file in zip(weights[1:], chosen, strict=True) if file)]
        return *files, named["settings"] | {"style_weights": moved + [1.0] * (4 - len(moved))}
    record = session.working
    if record and record.going and named["style-image"]:
        files = pictures.style_files(named)
        session.uploads.update(map(Path, files))
        try:
            styles = pictures.styles(named, session.paintings(files))
            record.change_styles(styles, pictures.names(named))
            session.painting_files, session.notice = files, ""
        except ValueError as error:
            session.notice = shorten(str(error))
    return tuple(gr.skip() for _ in (*chosen, "knobs"))


def without_regions() -> dict[str, str]:
    """Return the regions of a photo that was just chosen."""
    return {"mask": ""}


def pause(request: gr.Request) -> Shown:
    """Pause the run, or let it go on."""
    session = SESSIONS.find(session_key(request))
    if session.run and session.going:
        if session.run.paused:
            session.run.resume()
        else:
            session.run.pause()
    return view(session)


def stop(request: gr.Request) -> None:
    """End the run after the step under way, or leave the line."""
    SESSIONS.find(session_key(request)).stop()


def walk(values: Values, request: gr.Request) -> Shown:
    """Look at another moment of the same run."""
    session, at = SESSIONS.find(session_key(request)), _index(values, "timeline", "at")
    if session.shown and session.shown.moments:
        moments = session.shown.moments
        session.look(session.shown, moments[max(0, min(at, len(moments) - 1))])
    return view(session)


def bring_back(values: Values, request: gr.Request) -> Shown:
    """Look at another run of this page."""
    session, chosen = SESSIONS.find(session_key(request)), _index(values, "runs", "chosen")
    if 0 <= chosen < len(session.records):
        session.look(session.records[chosen])
    return view(session)


def settings_shown(values: Values, request: gr.Request) -> Any:
    """Return the knobs as they were at the moment that is looked at."""
    moment, knobs_now = SESSIONS.find(session_key(request)).moment, by_elem_id(values)["settings"]
    if moment is None:
        return gr.skip()
    or_error_on_page(controls.to_settings, knobs_now)
    return controls.to_value(moment.settings, knobs_now["preview_every"])


def interrupted(values: Values, request: gr.Request) -> dict[str, Any]:
    """Return what the page may offer: the step at which a run of this browser was cut off."""
    value = by_elem_id(values)["interrupted"]
    token = value.get("token") if isinstance(value, dict) else None
    folder = SERVICE.checkpoints.find(token)
    step = step_of(folder) if folder else None
    return {"token": token, "step": step or 0, "asked": True}


def settings_interrupted(values: Values) -> Any:
    """Return the knobs as they were in the run that was cut off."""
    value = by_elem_id(values)["interrupted"]
    folder = SERVICE.checkpoints.find(value.get("token") if isinstance(value, dict) else None)
    if folder is None:
        return gr.skip()
    kept = or_error_on_page(Checkpoint.load, folder)
    return controls.to_value(kept.recipe.settings, kept.recipe.preview_every)


def more_steps(values: Values, request: gr.Request) -> Any:
    """Return the knobs with so many steps that the run looked at goes on for as many as asked."""
    session, named = SESSIONS.find(session_key(request)), by_elem_id(values)
    if session.shown is None or session.shown.last is None:
        return gr.skip()
    or_error_on_page(controls.to_settings, named["settings"])
    more = or_error_on_page(whole_number, "more steps", named["more"] or 1, 1, MAX_STEPS)
    return named["settings"] | {"steps": session.shown.last.step + more}


def settings_in_link(request: gr.Request) -> tuple[Any, Any]:
    """Return the controls, and the link's query, as the link asks for that brought the visitor."""
    query = dict(request.query_params)
    try:
        settings = from_query(query)
    except ValueError as error:
        gr.Warning(str(error))
        return gr.skip(), gr.skip()
    if settings == Settings():
        return gr.skip(), gr.skip()
    return controls.to_value(settings), to_query(settings)


def leave(request: gr.Request) -> None:
    """End and forget everything of a page that was closed."""
    SESSIONS.close(session_key(request))


def check_picture(file: str | None, request: gr.Request) -> None:
    """Say at once, in one sentence, why a picture just chosen cannot be used."""
    if file:
        SESSIONS.of(session_key(request)).uploads.add(Path(file))
        or_error_on_page(open_image, file)


def _index(values: Values, name: str, key: str) -> int:
    """Return the whole number that a component of ours sent."""
    value = by_elem_id(values)[name]
    number = value.get(key) if isinstance(value, dict) else None
    return or_error_on_page(whole_number, key, number, 0, 2**31)
