"""RecordList: the runs that a page lists, a bounded number of them, with their folders."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from style_transfer.runs import LossHistory
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.timeline import Timeline

MAX_RECORDS = 12  # of a page; then the oldest goes when another run begins


class RecordList(list[RunRecord]):
    """The records of a page, the newest last."""

    def __init__(self, folder: Callable[[], Path], is_crowded: Callable[[], bool]) -> None:
        """Begin empty; previews go below what `folder` returns, sparingly while `is_crowded`."""
        super().__init__()
        self.dropped = 0  # records that gave their place to others
        self.is_crowded = is_crowded
        self._folder, self._numbers = folder, count(1)

    @property
    def is_full(self) -> bool:
        """Whether another run would take the place of the oldest."""
        return len(self) >= MAX_RECORDS

    @property
    def preview_bytes(self) -> int:
        """The bytes that all previews take on the disk."""
        return sum(record.timeline.size for record in [*self])

    def new(
        self, inputs: RunInputs, origin: str = "", losses: LossHistory | None = None
    ) -> RunRecord:
        """Return a new record, listed once its run has begun; `origin` becomes part of its name."""
        number = next(self._numbers)  # scripts may start two runs at once
        timeline = Timeline(self._folder() / f"{number}", is_crowded=self.is_crowded)
        return RunRecord(f"Run {number}{origin}", inputs, timeline, losses)

    def add(self, record: RunRecord) -> None:
        """List a record, unless it is; where there are too many, the oldest goes."""
        if record not in self:
            self.append(record)
        if len(self) > MAX_RECORDS:
            _remove_previews(self.pop(0))
            self.dropped += 1

    def refuse(self, record: RunRecord) -> None:
        """Take back a record whose run was refused, unless it has been listed before."""
        if record not in self:
            _remove_previews(record)


def _remove_previews(record: RunRecord) -> None:
    shutil.rmtree(record.timeline.folder, ignore_errors=True)
