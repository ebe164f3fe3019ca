"""Sessions: what one browser tab owns, its runs and where it looks."""

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from style_transfer.images import to_pil
from style_transfer.runs import LossHistory, Run
from style_transfer.ui import example
from style_transfer.ui.http.gradio_internals import upload_folder
from style_transfer.ui.http.presence import PAGES
from style_transfer.ui.session.record import Record, Source
from style_transfer.ui.session.timeline import JPEG_QUALITY, Moment, Timeline

KEPT_RUNS = 12  # of a page; the oldest goes when another begins
ABSENCE = 10.0  # s without a connection; then a visitor is taken to be gone, if not heard of before
IDLE = 1800.0  # s; what a caller without a page left behind goes after that


class Session:
    """A tab's runs, which of them and which moment it looks at, and the folder of its files."""

    def __init__(self, key: str = "") -> None:
        """Begin without a run, for the page that Gradio calls `key`."""
        self.closed = False
        self.key, self._seen, self._folder = key, time.monotonic(), ""
        self._lock = threading.Lock()
        self.uploads: set[Path] = set()  # files of this visitor
        self.here = False  # whether its browser is on this machine
        self.chosen: Mapping[str, Any] = {}  # what the next run begins with, by elem_id
        self.records: list[Record] = []
        self.shown: Record | None = None  # the run that is looked at
        self.working: Record | None = None  # the run that was begun last
        self.at: Moment | None = None  # what is looked at, or None to follow the newest
        self.before = 0  # visitors who wait before this one
        self.ticket: object | None = None  # of the line, while waiting or painting
        self.canvas = example.CANVAS  # the last picture that was shown
        self.painting_files: list[str] = []  # what the styles of the newest run were read from
        self.notice = ""  # the last thing that was refused, for the status line
        self._count = self._photos = 0

    @property
    def folder(self) -> Path:
        """Where its files lie, which nobody else can guess; made when it is first needed."""
        with self._lock:
            if self.closed:
                raise gr.Error("This page was closed.", print_exception=False)
            self._folder = self._folder or secrets.token_hex(16)
            folder = upload_folder() / self._folder
            folder.mkdir(parents=True, exist_ok=True)
            return folder

    @property
    def absent(self) -> float:
        """Seconds since a connection to the page was seen, 0 while there is one."""
        if PAGES.is_open(self.key):
            self._seen = time.monotonic()
            return 0.0
        return time.monotonic() - self._seen

    @property
    def run(self) -> Run | None:
        """The run begun last."""
        return self.working.run if self.working else None

    @property
    def going(self) -> bool:
        """Whether a run makes steps or waits for its turn."""
        return self.ticket is not None

    @property
    def moment(self) -> Moment | None:
        """What is looked at."""
        if self.shown is None or not self.shown.moments:
            return None
        return self.at or self.shown.moments[-1]

    @property
    def full(self) -> bool:
        """Whether another run would take the place of the oldest."""
        return len(self.records) >= KEPT_RUNS

    @property
    def gone(self) -> int:
        """How many runs gave their place to others."""
        return self._count - len(self.records)

    def paintings(self, files: Sequence[str]) -> dict[str, Tensor]:
        """Return those of `files` that the run begun last has read already."""
        if not self.working:
            return {}
        read = zip(self.painting_files, self.working.source.styles.images, strict=False)
        return {file: painting for file, painting in read if file in files}

    def new_record(
        self, source: Source, origin: str = "", curve: LossHistory | None = None
    ) -> Record:
        """Return an empty record, listed and looked at."""
        with self._lock:  # whoever scripts the page may press Start twice at once
            self._count += 1
            number = self._count
        timeline = Timeline(self.folder / f"{number}")
        record = Record(f"Run {number}{origin}", source, timeline, curve)
        self.records.append(record)
        self.look(record)
        if len(self.records) > KEPT_RUNS:
            oldest = self.records.pop(0)
            shutil.rmtree(oldest.timeline.folder, ignore_errors=True)
        return record

    def begin(self, record: Record, run: Run) -> None:
        """Let `run` go on with `record`; the one before it ends."""
        if self.run:
            self.run.stop()
        if self.working and self.working is not record:
            self.working.rest()
        record.follow(run)
        self.working, self.notice = record, ""
        self.look(record)

    def look(self, record: Record, at: Moment | None = None) -> None:
        """Look at a run: at a moment of it, or at the newest, whichever that will be."""
        newest = record.moments[-1] if record.moments else None
        self.shown, self.at = record, None if at is newest else at

    def stop(self) -> None:
        """End the current run after the step under way, or leave the line."""
        if self.before:
            self.ticket, self.before = None, 0
        if self.run:
            self.run.stop()

    def give_back(self, ticket: object) -> None:
        """Forget a ticket that is no longer needed."""
        if self.ticket is ticket:
            self.ticket, self.before = None, 0

    def keep_photo(self, content: Tensor) -> Path:
        """Return a file of a photo (1, 3, H, W) that a browser can show, whatever it came as."""
        self._photos += 1
        file = self.folder / f"photo-{self._photos}.jpg"
        to_pil(content).save(file, quality=JPEG_QUALITY)
        return file

    def close(self) -> None:
        """End the run and remove the folder as soon as nothing writes to it."""
        with self._lock:
            self.closed = True
        self.ticket = None
        self.stop()
        threading.Thread(target=self._remove, daemon=True).start()

    def _remove(self) -> None:
        if self.run:
            self.run.join()
        if self._folder:
            shutil.rmtree(upload_folder() / self._folder, ignore_errors=True)
        for record in self.records:
            record.leave()


class Sessions:
    """All sessions by the hash that Gradio gives a tab."""

    def __init__(self) -> None:
        self.release: Callable[[Path], None] = lambda file: None  # what to do with an upload
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def of(self, key: str) -> Session:
        """Return the session of a tab, a new one at its first call."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = Session(key)
            return self._sessions[key]

    def find(self, key: str) -> Session:
        """Return the session of a tab, or an empty one where it has none."""
        return self._sessions.get(key) or Session()

    def all(self) -> list[Session]:
        """Return the sessions of all tabs."""
        return list(self._sessions.values())

    def uploads(self) -> set[Path]:
        """Return the uploads of all open pages."""
        return {file for session in self.all() for file in session.uploads}

    def close(self, key: str) -> None:
        """Forget the session of a tab that was closed; its run ends and its files go."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session:
            session.close()
            for file in session.uploads - self.uploads():
                self.release(file)

    def sweep(self) -> None:
        """Close the sessions of callers that never had a page, or whose leaving went unnoticed."""
        for key, session in list(self._sessions.items()):
            if session.absent > IDLE and not session.going:
                self.close(key)
