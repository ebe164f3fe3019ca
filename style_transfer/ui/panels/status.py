"""The status line: how far the run is, how fast, how well, and what happened last."""

from typing import Any

from style_transfer.runs import SettingsChange, duration
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session

WELCOME = "Choose a photo and a style, or keep these two, and press Start."
_STOPPING = "Stopping after the step under way"
_HTML = f"""<div role="progressbar" aria-label="Steps" aria-valuemin="0" aria-valuemax="1"
aria-valuenow="0"><span></span></div>
<p class="state"><strong></strong><span>{WELCOME}</span></p>
<p class="notices" role="status"></p>
<p class="unseen" role="status" aria-live="polite"></p>"""


def build() -> None:
    """Place progress bar and line."""
    widget("status", _HTML)


def value(session: Session) -> dict[str, Any]:
    """Return step and steps for the bar, and the words of the line by their place in it."""
    record = session.painted or session.latest
    if session.ahead and (record is None or not record.rests):
        return _without_picture(session, f"Waiting for a turn: {_ahead(session)}.")
    if record and record.last_frame is None and record.run and record.run.error:
        return _without_picture(session, _of_run(session, record, str(record.run.error)))
    if record is None or record.last_frame is None:
        words = _of_run(session, record, _preparing(session)) if session.is_busy else WELCOME
        return _without_picture(session, words)
    frame = record.last_frame
    step, steps = frame.step, record.last_step
    state = _of_run(session, record, _state(session, record))
    told, quarter = f"{state} step {step} of {steps}", 100 * step // steps // 25 * 25
    heard = told if state.endswith(" at") else f"{state}, {quarter} percent"
    measures = [_ahead(session)] if session.ahead else _measures(record)
    return {
        "step": step,
        "steps": steps,
        "state": told,
        "words": "".join(f" · {part}" for part in measures),
        "notices": " · ".join(_notices(session, record)),
        # Of a step that goes by, a quarter: each change of these words is read out.
        "spoken": f"{heard}, {measures[0]}" if session.ahead else heard,
    }


def _without_picture(session: Session, words: str) -> dict[str, Any]:
    shown = {"words": words, "notices": session.notice, "spoken": words}
    return {"step": 0, "steps": 1, "state": ""} | shown


def _of_run(session: Session, record: RunRecord | None, words: str) -> str:
    """Return words about a record with its name, where another run may be taken to be meant."""
    if record is None or session.selected is session.latest:
        return words
    return f"{record.short_name}: {words[0].lower()}{words[1:]}"


def _preparing(session: Session) -> str:
    is_stopping = session.run is not None and session.run.stopping
    return f"{_STOPPING}." if is_stopping else "Preparing the first picture."


def _ahead(session: Session) -> str:
    runs = "run is" if session.ahead == 1 else "runs are"
    return f"{session.ahead} {runs} before yours"


def _state(session: Session, record: RunRecord) -> str:
    if session.ahead:
        return "Waiting for a turn at"
    if record.run and record.run.stopping:
        return f"{_STOPPING}, at"
    if record.run and record.run.paused:
        return "Paused at"
    if record.is_running:
        return "Painting"
    return "Resting at" if record.rests else "Stopped at"


def _measures(record: RunRecord) -> list[str]:
    """Return speed, time left and losses in words, as far as they are known."""
    run, frame, parts = record.run, record.last_frame, []
    if run and _goes_on(record) and run.seconds_left is not None:
        if run.steps_per_second:  # not known before some steps
            parts.append(f"{run.steps_per_second:.2g} steps/s")
        parts.append(f"{duration(run.seconds_left)} left")
    if frame and frame.losses:
        photo, paint = frame.losses["content"], frame.losses["style"]  # by the names of their knobs
        parts.append(f"loss of photo {photo:.3g}, of paint {paint:.3g}")
    return parts


def _goes_on(record: RunRecord) -> bool:
    """Return whether a run makes further steps after the one under way."""
    return record.is_running and record.run is not None and not record.run.stopping


def _notices(session: Session, record: RunRecord) -> list[str]:
    """Return what was changed last, and what went wrong."""
    run, frame, checkpoint = record.run, record.last_frame, record.checkpoint
    notices = [_change(each) for each in record.changes[-1:] if _is_told(each, record)]
    problems = [
        frame.note if frame else "",
        session.notice,
        session.unkept,
        checkpoint.problem if checkpoint else "",
        str(run.error or "") if run else "",
    ]
    return notices + [problem for problem in problems if problem]


def _is_told(change: SettingsChange, record: RunRecord) -> bool:
    """Return whether a change can be told: not if it was to act from a step that never comes."""
    made = record.last_frame.step if record.last_frame else 0
    comes = change.step <= made or record.rests or _goes_on(record)
    return bool(change.description) and (comes or _is_seen_at_once(change))


def _change(change: SettingsChange) -> str:
    when = "seen at once" if _is_seen_at_once(change) else f"acts from step {change.step}"
    return f"{change.description}: {when}"


def _is_seen_at_once(change: SettingsChange) -> bool:
    acts = change.other or change.before.objective != change.after.objective
    return not acts and change.before.steps == change.after.steps


PANEL = Panel("status", build, value)
