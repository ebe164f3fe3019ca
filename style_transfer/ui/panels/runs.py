"""The runs of the page, each with its newest picture; a click selects one."""

from typing import Any

import gradio as gr

from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels.panel import Panel, mask_url, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.record_list import RecordList
from style_transfer.ui.session.session import Session

NO_RUNS = "The runs of this page will be listed here. Each can be brought back."
_HTML = f'<p role="status">{NO_RUNS}</p><div></div>'


def build() -> None:
    """Place the list."""
    with gr.Column(min_width=300, elem_id="runs-column"):
        gr.HTML("<h2>Runs of this page</h2>")
        widget("runs", _HTML, {"chosen": 0})


def value(session: Session) -> dict[str, Any]:
    """Return an entry for each run, and what is to be said of the list."""
    entries = [_entry(session, record) for record in session.records]
    return {"list": entries, "words": _words(session.records)}


def _entry(session: Session, record: RunRecord) -> dict[str, Any]:
    newest = record.previews[-1] if record.previews else None
    return {
        "name": record.name,
        "src": file_url(newest.shown_file) if newest else "",
        "words": f"step {newest.step}" if newest else "",
        "mask": mask_url(session, record, newest) if newest else "",
        "pressed": record is session.selected,
    }


def _words(records: RecordList) -> str:
    if not records:
        return NO_RUNS
    if not records.is_full:
        return ""
    gone = f" {records.dropped} gone so far." if records.dropped else ""
    kept = f"The newest {len(records)} runs are kept"
    return f"{kept}; the oldest goes when another begins.{gone}"


PANEL = Panel("runs", build, value)
