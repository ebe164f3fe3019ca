"""Session: one browser tab, with its visitor, its runs, its place in the queue and its files."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import Stroke
from style_transfer.runs import OWN_MACHINE
from style_transfer.ui import example
from style_transfer.ui.http.calls import ONE_CALL
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.session.made_files import MadeFiles
from style_transfer.ui.session.page_folder import PageFolder
from style_transfer.ui.session.page_runs import PageRuns
from style_transfer.ui.session.pending_run import PendingRun
from style_transfer.ui.session.picture_files import PictureFiles
from style_transfer.ui.session.queue_place import QueuePlace
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.record_list import RecordList

MAX_EXPORTS, MAX_ANSWERS = 4, 64  # files; more than are fetched at the same time
ABSENCE = 10.0  # s without a connection, after which a visitor is taken to have left


class Session(PageRuns):
    """What one browser tab owns."""

    def __init__(
        self,
        key: str = "",
        presence: Presence | None = None,
        visitor: str = OWN_MACHINE,
        is_crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """Begin without a run; `key` is the session hash that Gradio gave the tab of `visitor`,
        who has no room for more previews while `is_crowded`."""
        self.key, self.visitor, self.folder = key, visitor, PageFolder()
        super().__init__(RecordList(self.folder.make, is_crowded))
        self.uploads: set[Path] = set()  # files of this visitor
        self.called_with: list[Path] = []  # those of them that a program named, the newest last
        self.token: Any = None  # by which its checkpoints are found
        self.is_local = False  # whether its browser runs on this machine
        self.is_sparing = False  # whether that browser and the run compete for the same cores
        self.fetched_at = -math.inf  # when its page last asked for a frame, beside the views
        self.start_values: Mapping[str, Any] = {}  # by elem_id; the next run begins with them
        self.is_starting = False  # whether the pictures are read that Start begins a run with
        self.moves = 0.0  # of the knobs by a hand, in the newest settings that have come
        self.moved: Mapping[str, Any] = {}  # the component values by elem_id of that call
        self.walks = 0  # number of the newest move of the timeline's slider
        self.place: QueuePlace | None = None  # while a run waits or is followed
        # Held while a change is noted or the run is stopped, and while one begins or ends: each
        # comes before or after that, never between what a run was begun with and the moment that
        # it is steered.
        self.steering_lock = threading.RLock()
        self.canvas = example.CANVAS  # what was shown last
        self.brought: list[str] = []  # files of the photo and style images of a run brought back
        self.unkept = ""  # why the newest preview cannot be kept, for the status line
        self.strokes_to_come: tuple[Stroke, ...] = ()  # with the next start, of a recipe or link
        self.notice = ""  # why the last change was refused, for the status line
        self._presence, self._seen_at = presence or Presence(), time.monotonic()
        self.pictures = PictureFiles(self.folder.make)
        self.exports = MadeFiles(self.folder.make, MAX_EXPORTS)
        self.answers = MadeFiles(self.folder.make, MAX_ANSWERS)  # to the calls of a program

    @property
    def closed(self) -> bool:
        """Whether the page was closed."""
        return self.folder.closed

    @property
    def absent(self) -> float:
        """Seconds since a connection to the page was last seen open, 0 while there is one."""
        if self._presence.is_open(self.key):
            self._seen_at = time.monotonic()
            return 0.0
        return time.monotonic() - self._seen_at

    @property
    def has_left(self) -> bool:
        """Whether the page was closed, or nobody has listened to it for too long."""
        return self.closed or self.absent > (0.0 if self.key.startswith(ONE_CALL) else ABSENCE)

    @property
    def is_busy(self) -> bool:
        """Whether a run makes steps, is paused or waits for its turn."""
        return self.place is not None

    @property
    def ahead(self) -> int:
        """How many runs are before the one that waits for its turn."""
        place = self.place
        return place.ahead if place else 0

    @property
    def pending(self) -> PendingRun | None:
        """The run that waits for its turn, where it is one that can be steered."""
        place = self.place
        return place.pending if place else None

    @property
    def may_start(self) -> bool:
        """Whether Start begins a run now; pressed a second time by accident it does not."""
        return not self.is_starting and (self.is_waking or not self.is_busy)

    @property
    def at_rest(self) -> RunRecord | None:
        """The record on the canvas, where it is one that a change wakes."""
        record = self.selected
        return record if record and record.rests and not self.is_busy else None

    @property
    def steered(self) -> RunRecord | PendingRun | None:
        """What a moved knob or another picture acts on: the run that waits for its turn, where
        there is one, or the record that is `painted`."""
        return self.pending or self.painted

    def loaded_styles(self, files: Sequence[str]) -> dict[str, Tensor]:
        """Return the style images in `files` that the newest run has read already."""
        newest = self.pending or self.latest
        if not newest:
            return {}
        inputs = newest.inputs
        images = zip(inputs.style_files, inputs.styles.images, strict=False)
        return {file: image for file, image in images if file in files}

    def stop(self) -> None:
        """End the run after the step under way, leave the queue, or let no change wake it."""
        if self.at_rest:
            self.at_rest.stop()
        elif self.ahead and self.painted and self.painted.rest:
            self.painted.give_up()
        self.stop_run()

    def stop_run(self) -> None:
        """End the run after the step under way, or leave the admission queue."""
        if self.ahead:
            self.place = None
        if self.run:
            self.run.stop()

    def release(self, place: QueuePlace) -> None:
        """Forget a place that is not needed any more, unless another one has taken over."""
        if self.place is place:
            self.place = None

    def repeat(self, strokes: tuple[Stroke, ...]) -> str:
        """Do strokes again with the next start; return that in a sentence, "" for none."""
        self.strokes_to_come = strokes
        if not strokes:
            return ""
        count = "1 stroke" if len(strokes) == 1 else f"{len(strokes)} strokes"
        return f" What a hand did comes again with the next start ({count})."

    def close(self) -> None:
        """End the run, and remove the folder as soon as nothing writes to it."""
        self.folder.close()
        pending, self.place = self.pending, None
        self.stop_run()
        threading.Thread(target=self._remove_files, args=(pending,), daemon=True).start()

    def _remove_files(self, pending: PendingRun | None = None) -> None:
        if self.run:
            self.run.join()
        self.folder.remove()
        for record in self.records:
            record.leave_checkpoint()
        if pending:  # last, so that it is the one that is offered
            pending.leave()
