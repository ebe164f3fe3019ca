"""The status line: how far the run is, how fast, how well, and what happened last."""

from typing import Any

from style_transfer.runs import SettingsChange, duration
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session

WELCOME = "Choose a photo and a style, or keep these two, and press Start."
_HTML = f"""<div role="progressbar" aria-label="Steps" aria-valuemin="0" aria-valuemax="1"
aria-valuenow="0"><span></span></div>
<p class="state"><strong></strong><span>{WELCOME}</span></p>
<p class="notices" role="status">&nbsp;</p>
<p class="unseen" role="status" aria-live="polite"></p>"""


def build() -> None:
    """Place progress bar and line."""
    widget("status", _HTML)


def value(session: Session) -> dict[str, Any]:
    """Return step and steps for the bar, and the words of the line by their place in it."""
    record = session.steered or session.latest
    if session.ahead and (record is None or not record.rests):
        return _without_picture(f"Waiting for a turn: {_ahead(session)}.")
    if record and record.last_frame is None and record.run and record.run.error:
        return _without_picture(str(record.run.error))
    if record is None or record.last_frame is None:
        return _without_picture("Preparing the first picture." if session.is_busy else WELCOME)
    frame = record.last_frame
    step, steps = frame.step, record.last_step
    state = _state(session, record)
    measures = [_ahead(session)] if session.ahead else _measures(record)
    return {
        "step": step,
        "steps": steps,
        "state": f"{state} step {step} of {steps}",
        "words": "".join(f" · {part}" for part in measures),
        "notices": " · ".join(_notices(session, record)),
        "spoken": f"{state.removesuffix(' at')}, {100 * step // steps // 25 * 25} percent",
    }


def _without_picture(words: str) -> dict[str, Any]:
    return {"step": 0, "steps": 1, "state": "", "words": words, "notices": "", "spoken": words}


def _ahead(session: Session) -> str:
    runs = "run is" if session.ahead == 1 else "runs are"
    return f"{session.ahead} {runs} before yours"


def _state(session: Session, record: RunRecord) -> str:
    if session.ahead:
        return "Waiting for a turn at"
    if record.run and record.run.paused:
        return "Paused at"
    if record.is_running:
        return "Painting"
    return "Resting at" if record.rests else "Stopped at"


def _measures(record: RunRecord) -> list[str]:
    """Return speed, time left and losses in words, as far as they are known."""
    run, frame, parts = record.run, record.last_frame, []
    if run and record.is_running and run.seconds_left is not None:
        parts += [f"{run.steps_per_second:.2g} steps/s", f"{duration(run.seconds_left)} left"]
    if frame and frame.losses:
        parts += [f"{name} {frame.losses[name]:.3g}" for name in ("content", "style")]
    return parts


def _notices(session: Session, record: RunRecord) -> list[str]:
    """Return what was changed last, and what went wrong."""
    run, frame, checkpoint = record.run, record.last_frame, record.checkpoint
    notices = [_change(each) for each in record.changes[-1:] if each.description]
    problems = [
        frame.note if frame else "",
        session.notice,
        session.unkept,
        checkpoint.problem if checkpoint else "",
        str(run.error or "") if run else "",
    ]
    return notices + [problem for problem in problems if problem]


def _change(change: SettingsChange) -> str:
    acts = change.other or change.before.objective != change.after.objective
    seen_at_once = not acts and change.before.steps == change.after.steps
    when = "seen at once" if seen_at_once else f"acts from step {change.step}"
    return f"{change.description}: {when}"


PANEL = Panel("status", build, value)
