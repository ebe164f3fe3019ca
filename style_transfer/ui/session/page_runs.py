"""PageRuns: the runs of one page, which of them it paints and which it shows."""

from style_transfer.runs import Run
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.record_list import RecordList
from style_transfer.ui.session.timeline import Preview


class PageRuns:
    """The records that a page lists, the latest of them, and the preview on the canvas."""

    def __init__(self, records: RecordList) -> None:
        """Begin with an empty canvas."""
        self.records = records
        self.latest: RunRecord | None = None  # the record of the run that was started last
        self.selected: RunRecord | None = None  # the record on the canvas
        self._pinned: Preview | None = None  # the preview on the canvas, None to follow the newest

    @property
    def run(self) -> Run | None:
        """The run that was started last."""
        return self.latest.run if self.latest else None

    @property
    def is_waking(self) -> bool:
        """Whether what is painted was at rest before, so that another run may take its place."""
        return self.latest is not None and self.latest.is_running and self.latest.has_rested

    @property
    def painted(self) -> RunRecord | None:
        """The record that a change acts on: the one that is painted, or at rest on the canvas."""
        latest, selected = self.latest, self.selected
        record = latest if latest and latest.rest is None else selected
        return record if record and record.is_steered else None

    @property
    def touched(self) -> RunRecord | None:
        """The record whose newest picture is on the canvas, where strokes can be made on it."""
        record = self.painted
        newest = record is self.selected and self._pinned is None
        return record if record and record.last_frame and newest else None

    @property
    def preview(self) -> Preview | None:
        """The preview on the canvas."""
        if self.selected is None or not self.selected.previews:
            return None
        return self._pinned or self.selected.previews[-1]

    @property
    def shows_newest(self) -> bool:
        """Whether the canvas follows a run that makes steps."""
        record, run = self.selected, self.run
        follows = record is self.latest and self._pinned is None
        return follows and run is not None and not (run.ended or run.paused)

    def follow(self, record: RunRecord, run: Run) -> None:
        """Let `run` begin or continue `record`, which is selected; the run before it ends."""
        self.take_up(record)
        record.follow(run)

    def take_up(self, record: RunRecord) -> None:
        """List and select a record, as the latest; the run before it ends."""
        self.records.add(record)
        if self.run:
            self.run.stop()
        if self.latest and self.latest is not record:
            self.latest.detach()
        self.latest = record
        self.select(record)

    def select(self, record: RunRecord, preview: Preview | None = None) -> None:
        """Show a preview of a record; None or its newest one to follow the newest."""
        newest = record.previews[-1] if record.previews else None
        self.selected, self._pinned = record, None if preview is newest else preview
