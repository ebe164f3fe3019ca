"""RunFolder: the files by which a run and the process that computes it talk.

Files, because a worker process may be older than the run and share nothing else with it. Each is
replaced whole, so that a reader finds the one or the other: `job.pickle` is what to begin with,
`pictures-N.pickle` content image and styles, `control.pickle` what has been steered since, and
`state.safetensors` what the next call goes on from.
"""

import os
import pickle
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import State, Stroke, StrokedContent, Styles
from style_transfer.replacing import replace_file
from style_transfer.runs.executor import Job
from style_transfer.runs.temporary_folder import process_folder
from style_transfer.settings import Settings

Stamp = tuple[int, int, int]
STATE, _CONTROL, _JOB = "state.safetensors", "control.pickle", "job.pickle"


@dataclass(frozen=True)
class Control:
    """What a run is steered with from the next step on."""

    settings: Settings
    pictures: int  # number of the content image and the styles
    strokes: tuple[Stroke, ...] = ()
    ended: bool = False  # whether no step is to be made after the one under way


class RunFolder:
    """The folder as the run sees it."""

    def __init__(self) -> None:
        """Make a new folder that only this user can read."""
        root = _root()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)  # the system may have tidied it away
        self.path = Path(tempfile.mkdtemp(dir=root))
        self._pictures = dict[int, tuple[Tensor, Styles, StrokedContent]]()
        self._known: State | None = None  # which the file had when it was `_known_as`
        self._known_as: Stamp | None = None
        self.stopped = False  # whether the run wants nothing more of a worker
        self._lock = threading.RLock()  # of the pictures; and files are sent in order of writing
        self._send: Callable[[str, bytes], None] | None = None

    def begin(self, job: Job, ended: bool = False) -> None:
        """Write what a call begins with; `ended` for one that makes no step. Raises OSError."""
        file = self.path / STATE
        if job.state is None:
            file.unlink(missing_ok=True)
        # A lost worker may have saved a state of which nothing is known.
        elif job.state is not self._known or _stamp(file) != self._known_as:
            job.state.save(file)
        self.control(job, ended)
        # A state on disk lacks the numbers of its strokes.
        strokes = job.state.strokes if job.state else ()
        self._write(_JOB, (_without_pictures(job), strokes))

    def control(self, job: Job, ended: bool = False) -> None:
        """Steer by the settings and pictures of a job. Raises OSError."""
        with self._lock:  # by which `pictures` forgets
            number = max(self._pictures, default=0)
            known = self._pictures.get(number)
            if known is None or known[0] is not job.content or known[1] is not job.styles:
                number += 1
                self._write(_pictures_file(number), (job.content, job.styles))
                self._pictures[number] = job.content, job.styles, StrokedContent(job.content)
            self._write(_CONTROL, Control(job.settings, number, job.strokes, ended))

    def _write(self, name: str, value: Any) -> None:
        data = pickle.dumps(value)
        with self._lock:
            write_file(self.path / name, data)
            if self._send:
                self._send(name, data)

    @contextmanager
    def mirrored(self, send: Callable[[str, bytes], None]) -> Iterator[None]:
        """Give all files to `send`, and those that are written within: for a worker elsewhere."""
        with self._lock:
            for file in self.path.iterdir():
                send(file.name, file.read_bytes())
            self._send = send
        try:
            yield
        finally:
            with self._lock:
                self._send = None

    def keep(self, state: bytes) -> None:
        """Write the file of a state that a worker elsewhere has saved. Raises OSError."""
        write_file(self.path / STATE, state)

    def pictures(self, number: int) -> tuple[Tensor, Styles, StrokedContent]:
        """Return content image, styles, and the former with its strokes; forget earlier ones."""
        with self._lock:
            for earlier in [each for each in self._pictures if each < number]:
                del self._pictures[earlier]
                (self.path / _pictures_file(earlier)).unlink(missing_ok=True)
            return self._pictures[number]

    def state(self, strokes: tuple[Stroke, ...]) -> State | None:
        """Return the newest state that a worker has saved, None where there is none.

        `strokes` are those of the state, which have no numbers in a file.
        """
        file = self.path / STATE
        try:
            known_as, known = _stamp(file), replace(State.load(file), strokes=strokes)
        except (OSError, ValueError):
            return None
        self._known_as, self._known = known_as, known
        return known

    def remove(self) -> None:
        """Remove all files."""
        shutil.rmtree(self.path, ignore_errors=True)


class WorkerFolder:
    """The same folder as the worker sees it."""

    def __init__(self, path: Path) -> None:
        """Read what the call begins with. Raises OSError where the folder is gone."""
        self._path = path
        self._seen: Stamp | None = None
        control = self.control()
        assert control is not None
        self.pictures, self.ended = control.pictures, control.ended
        content, styles = self._read_pictures()
        job, strokes = _read(path / _JOB)
        state = None
        if (path / STATE).exists():
            state = replace(State.load(path / STATE), strokes=strokes)
        self.job: Job = replace(job, content=content, styles=styles, state=state)

    def control(self) -> Control | None:
        """Return what is to be steered by, None if nothing has changed since the last call."""
        file = self._path / _CONTROL
        if (seen := _stamp(file)) == self._seen:
            return None
        self._seen = seen
        control: Control = _read(file)
        return control

    def follow(self, control: Control) -> Job:
        """Return the job that goes on with what `control` says."""
        content, styles, self.ended = self.job.content, self.job.styles, control.ended
        if control.pictures != self.pictures:
            self.pictures = control.pictures
            content, styles = self._read_pictures()
        self.job = replace(
            self.job,
            settings=control.settings,
            content=content,
            styles=styles,
            strokes=control.strokes,
            state=None,
        )
        return self.job

    def save(self, state: State) -> None:
        """Write a state for the next call. Raises OSError."""
        state.save(self._path / STATE)

    def _read_pictures(self) -> tuple[Tensor, Styles]:
        pictures: tuple[Tensor, Styles] = _read(self._path / _pictures_file(self.pictures))
        return pictures


@cache
def _root() -> Path:
    """Return the folder of all runs of this process, which no page serves."""
    return process_folder(Path(tempfile.gettempdir()), "style-transfer-runs-")


def _stamp(file: Path) -> Stamp:
    """Return what another version of a file differs in. Raises OSError for none."""
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _pictures_file(number: int) -> str:
    return f"pictures-{number}.pickle"


def _without_pictures(job: Job) -> Job:
    """Return a job that takes a few bytes beside its starting image."""
    nothing = Tensor(1, 3, 1, 1).zero_()
    return replace(job, content=nothing, styles=Styles((nothing,)), state=None)


def write_file(file: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises OSError."""
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(data)
        replace_file(part, file)
    finally:
        part.unlink(missing_ok=True)  # on a full disk it would take what room is left


def _read(file: Path) -> Any:
    # Written by this user into a folder that nobody else can write to.
    return pickle.loads(file.read_bytes())
