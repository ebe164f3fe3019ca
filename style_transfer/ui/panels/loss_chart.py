"""The loss chart in one SVG: losses by step, and each style layer's share of the style loss.

Positions along the steps are in percent of their part, all others in pixels, so that words keep
their shape at any width. On a narrow page loss-chart.js puts the two parts below each other.
"""

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise

from style_transfer.runs import LossHistory, SettingsChange
from style_transfer.settings import Settings
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Preview

LINES = {"total": "total", "content": "photo", "style": "paint"}  # loss: label of its line
HEIGHT = 132  # px, of both parts
TOP, BOTTOM = 28, 112  # px; the losses are drawn between, labels of marks above
ROWS = (9, 21)  # px, of the labels of marks
NARROWEST, LETTER = 300, 5.8  # px, of the plot on a phone and of a letter: labels must not meet
LONGEST = 26  # letters of a label; its tooltip has the rest
MAX_POINTS = 200  # of a line; more would not be seen
MAX_BARS = 7  # layers with less are counted
EMPTY = "While it paints, curves here show how far the picture is from photo and paint."
LOWEST = 1e-6  # smaller losses are drawn there


def build() -> None:
    """Place the chart, empty."""
    chart = '<svg class="loss-chart" role="img" aria-label="{title}">{content}</svg>'
    widget("loss-chart", chart.format(**draw(None)))


def value(session: Session) -> dict[str, str]:
    """Return title and content of the chart of the selected run."""
    return draw(session.selected, session.preview)


def draw(record: RunRecord | None, preview: Preview | None = None) -> dict[str, str]:
    """Return title and content of the SVG of a run, with a mark at the step of `preview`."""
    losses = record.losses if record else []
    if record is None or not losses:
        return {"title": EMPTY, "content": _words("0", TOP, EMPTY, "axis")}
    step, settings = (preview.step, preview.settings) if preview else (0, record.settings)
    last = max(losses[-1][0], record.last_step)
    low, high = _decades(losses)
    plot = [_grid(low, high), _lines(_thinned(losses), last, low, high)]
    plot += [_marks(record.changes, last), _here(step, last), _axis(last)]
    bars = _bars(_losses_at(losses, step), settings)
    return {
        "title": _summary(losses),
        "content": (
            f'{_scale(low, high)}<svg class="plot" x="36" width="62%">{"".join(plot)}</svg>'
            f'<svg class="layers" x="73%" width="27%">{bars}</svg>'
        ),
    }


def shares(losses: dict[str, float], settings: Settings) -> dict[str, float]:
    """Return each style layer's share of the style loss; they sum to 1.

    >>> shares({"relu1_1": 1.0, "relu2_1": 3.0}, Settings(style_layers=["relu1_1", "relu2_1"]))
    {'relu1_1': 0.25, 'relu2_1': 0.75}
    """
    weighted = {n: w * losses.get(n, 0.0) for n, w in settings.style_layers.items()}
    total = sum(weighted.values()) or 1.0
    return {name: value / total for name, value in weighted.items()}


def _decades(history: LossHistory) -> tuple[int, int]:
    """Return the powers of ten, at most four apart, between which the lines are drawn."""
    values = [
        max(value, LOWEST)
        for _, losses in history
        for value in map(losses.__getitem__, LINES)
        if value > 0 and math.isfinite(value)
    ] or [1.0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return max(low, high - 4), max(high, low + 1)


def _thinned(history: LossHistory) -> LossHistory:
    return history[:: math.ceil(len(history) / MAX_POINTS)] + history[-1:]


def _x(step: float, last: int) -> float:
    return 100 * min(step / max(last, 1), 1.0)


def _y(value: float, low: int, high: int) -> float:
    place = (math.log10(max(value, 10.0**low)) - low) / (high - low)
    return BOTTOM - (BOTTOM - TOP) * min(place, 1.0)


def _level(y: float) -> str:
    return f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'


def _grid(low: int, high: int) -> str:
    levels = (_level(_y(10.0**decade, low, high)) for decade in range(low, high + 1))
    return f"<g>{''.join(levels)}</g>"


def _scale(low: int, high: int) -> str:
    """Return the labels of the vertical axis."""
    return "".join(
        _words("30", _y(10.0**decade, low, high) + 4, f"{10.0**decade:g}", "axis end")
        for decade in range(low, high + 1)
    )


def _axis(last: int) -> str:
    """Return what stands below the plot: first and last step, and the key of the lines."""
    names = "".join(f'<tspan class="{name}" dx="8">{word}</tspan>' for name, word in LINES.items())
    key = f'<text class="key middle" x="50%" y="{HEIGHT - 4}">{names}</text>'
    first = _words("0", HEIGHT - 4, "step 0", "axis")
    return first + key + _words("100%", HEIGHT - 4, last, "axis end")


def _lines(history: LossHistory, last: int, low: int, high: int) -> str:
    drawn = []
    for name in LINES:
        values = [(step, losses[name]) for step, losses in history]
        points = " ".join(f"{_x(s, last):.2f},{_y(v, low, high):.1f}" for s, v in values)
        drawn.append(f'<polyline class="{name}" points="{points}"/>')
    # Nested, because it is stretched to the width, which must not happen to words.
    return (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 100 {HEIGHT}" '
        f'preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )


def _here(step: int, last: int) -> str:
    x = _x(step, last)
    return f'<line class="here" x1="{x:.2f}%" x2="{x:.2f}%" y1="{TOP - 4}" y2="{BOTTOM}"/>'


def _marks(changes: Sequence[SettingsChange], last: int) -> str:
    """Return a line for each change, labelled where there is room, the newest first."""
    marks: list[str] = []
    taken: list[tuple[int, float, float]] = []  # row, from, to
    for change in reversed(changes):
        if change.description:
            words, x = _short(change.description), _x(change.step, last)
            late = x > 50
            begin = x * NARROWEST / 100 - late * len(words) * LETTER
            end = begin + (len(words) + 2) * LETTER
            free = (r for r in ROWS if all(r != o or end < b or e < begin for o, b, e in taken))
            row = next(free, 0)
            taken.append((row, begin, end))
            text = _words(f"{x:.2f}%", row, words, "end" if late else "") if row else ""
            title = f"<title>step {change.step}: {escape(change.description)}</title>"
            line = f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{(row or TOP) + 3}" y2="{BOTTOM}"/>'
            marks.append(f'<g class="mark">{title}{line}{text}</g>')
    return "".join(marks)


def _bars(losses: dict[str, float], settings: Settings) -> str:
    found = shares(losses, settings)
    largest = sorted(found, key=lambda layer: -found[layer])[:MAX_BARS]
    height = min(20.0, (BOTTOM - 14) / max(len(largest), 1))
    parts = [_words("0", 9, "share of the paint's loss", "axis")]
    for number, layer in enumerate(layer for layer in found if layer in largest):
        y, share = 16 + number * height, found[layer]
        parts.append(_words("42", y + height / 2 + 4, layer, "axis end"))
        bar = (
            f'<rect class="share" y="{y + 2:.1f}" height="{height - 4:.1f}" '
            f'width="{60 * share:.2f}%" rx="2"/>'
        )
        words = _words(f"{60 * share + 2:.2f}%", y + height / 2 + 4, f"{share:.0%}", "axis")
        parts.append(f'<svg class="bar" x="50" width="100%">{bar}{words}</svg>')
    if more := len(found) - len(largest):
        parts.append(_words("0", HEIGHT - 4, f"and {more} with less", "axis"))
    return "".join(parts)


def _losses_at(history: LossHistory, step: int) -> dict[str, float]:
    """Return the losses of the last step up to `step`."""
    for (_, losses), (after, _) in pairwise(history):
        if after > step:
            return losses
    return history[-1][1]


def _summary(history: LossHistory) -> str:
    (first, before), (last, after) = history[0], history[-1]
    changes = ", ".join(f"{word} {before[n]:.2g} to {after[n]:.2g}" for n, word in LINES.items())
    return f"Losses from step {first} to {last}: {changes}"


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _words(x: str, y: float, text: object, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y:.1f}">{escape(str(text))}</text>'


PANEL = Panel("loss-chart", build, value)
