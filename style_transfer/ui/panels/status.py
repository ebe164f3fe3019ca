"""What the page says of a run."""

from pathlib import Path
from typing import Any

from style_transfer.runs import SettingsChange, duration
from style_transfer.settings import Settings, describe_change
from style_transfer.ui.session.record import Record
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Moment

TITLE = (
    "<h1>Style transfer you steer</h1>"
    "<p>Watch a photo turn into a painting, and move the knobs while it forms.</p>"
)
WELCOME = "Choose a photo and a style, or keep these two, and press Start."
NO_RUNS = "The runs of this page will be listed here. Each can be brought back."


def address(file: Path) -> str:
    """Return the address of a file that the page may show."""
    return f"gradio_api/file={file}"


def picture(record: Record, moment: Moment) -> dict[str, str]:
    """Return the value of the live picture: where it lies, and what is on it in words."""
    recipe = record.source.recipe
    words = f"{recipe.photo} painted like {recipe.style}, {record.name}, after step {moment.step}"
    return {"src": address(moment.seen), "alt": words}


def status(session: Session) -> dict[str, Any]:
    """Return the line under the picture: where the run is, how fast, how well, and what is new."""
    if session.before:
        runs = "run is" if session.before == 1 else "runs are"
        return waiting(f"{session.before} {runs} before yours.")
    record = session.working
    if record and record.last is None and record.run and record.run.error:
        return waiting(str(record.run.error))
    if record is None or record.last is None:
        return waiting("Preparing the first picture." if session.going else WELCOME)
    run, frame = record.run, record.last
    step, steps = frame.step, max(record.settings.steps, frame.step)
    parts = []
    if run and record.going and run.seconds_left is not None:
        parts += [f"{run.steps_per_second:.2g} steps/s", f"{duration(run.seconds_left)} left"]
    parts += [f"{name} {frame.losses[name]:.3g}" for name in ("content", "style") if frame.losses]
    news = [f"{c.description}: {_since(c)}" for c in record.changes[-1:] if c.description]
    error = str(run.error or "") if run else ""
    trouble = record.checkpoint.problem if record.checkpoint else ""
    news += [text for text in (frame.note, session.notice, trouble, error) if text]
    state = _state(record)
    return {
        "step": step,
        "steps": steps,
        "state": f"{state} step {step} of {steps}",
        "words": "".join(f" · {part}" for part in parts),
        "news": " · ".join(news),
        "spoken": f"{state.removesuffix(' at')}, {100 * step // steps // 25 * 25} percent",
    }


def waiting(words: str) -> dict[str, Any]:
    """Return the status line of a page without a picture in the making."""
    return {"step": 0, "steps": 1, "state": "", "words": words, "news": "", "spoken": words}


def runs_words(session: Session) -> str:
    """Return what is to be said of the list of runs: what it is for, and which do not stay."""
    if not session.records:
        return NO_RUNS
    if not session.full:
        return ""
    gone = f" {session.gone} gone so far." if session.gone else ""
    kept = f"The newest {len(session.records)} runs are kept"
    return f"{kept}; the oldest goes when another begins.{gone}"


def moment_words(moment: Moment) -> str:
    """Return in words with which settings a moment was made."""
    changed = describe_change(Settings(), moment.settings) or "default settings"
    return f"step {moment.step}: {changed}"


def _since(change: SettingsChange) -> str:
    made = change.other or change.before.objective != change.after.objective
    shown = not made and change.before.steps == change.after.steps
    return "seen at once" if shown else f"acts from step {change.step}"


def _state(record: Record) -> str:
    if record.run and record.run.paused:
        return "Paused at"
    if record.going:
        return "Painting"
    made_all = record.last is not None and record.last.step >= record.settings.steps
    return "Finished at" if made_all else "Stopped at"
