"""How Gradio receives uploads: what the page uses of that beyond its public interface.

tests/ui/http/test_gradio_uploads.py checks it against the installed version.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gradio import route_utils, routes

from style_transfer.ui.http.gradio_internals import upload_folder

_progress = routes.file_upload_statuses
_asked = Counter[str]()  # requests under way that name an upload, by that name
_of_request: ContextVar[list["ReceivedFile"] | None] = ContextVar("files", default=None)


class ReceivedFile(route_utils.GradioUploadFile):
    """A file of an upload, noted with the request that brings it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take what the base class takes."""
        super().__init__(*arguments, **named)
        files = _of_request.get()
        if files is not None:
            files.append(self)


def note_files() -> None:
    """Let Gradio note the files that it receives, see `received_files`."""
    route_utils.GradioUploadFile = ReceivedFile  # type: ignore[misc]


@contextmanager
def received_files() -> Iterator[list[ReceivedFile]]:
    """Give a list to which each file is added that Gradio begins to receive meanwhile.

    After `note_files()`; in the task that serves the request.
    """
    files = list[ReceivedFile]()
    token = _of_request.set(files)
    try:
        yield files
    finally:
        _of_request.reset(token)


def remove_unkept(files: Collection[ReceivedFile]) -> None:
    """Remove what lies where it was received, once the request that brought it has ended.

    Gradio moves only whole files of one field of a form, and only where all else went well.
    """
    for file in files:
        with suppress(OSError):  # of a full disk, to which the last bytes were to be written yet
            file.file.close()
        with suppress(OSError):  # moved
            Path(file.file.name).unlink()


def kept_files(files: Collection[ReceivedFile]) -> set[Path]:
    """Return where Gradio keeps the contents of these files, under whatever names."""
    folders = {upload_folder() / file.sha.hexdigest() for file in files}
    return {file for folder in folders for file in folder.glob("*")}


@contextmanager
def progress_forgotten(upload: str) -> Iterator[None]:
    """Drop what Gradio keeps of the progress of an upload after the last request that names it."""
    _asked[upload] += 1
    try:
        yield
    finally:
        _asked[upload] -= 1
        if not _asked[upload]:
            del _asked[upload]
            for kept in _progress._statuses, _progress._signals:
                kept.pop(upload, None)
