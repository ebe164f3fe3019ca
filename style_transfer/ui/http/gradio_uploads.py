"""How Gradio receives and keeps uploads: what the page uses of that beyond its public interface.

tests/ui/http/test_gradio_uploads.py checks it against the installed version.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gradio import route_utils, routes
from gradio.utils import get_upload_folder

# Gradio removes what it has received of an upload only at an exception of this class, and answers
# with 413 where its message contains this phrase.
UploadError = route_utils.MultiPartException
UPLOAD_TOO_LARGE = "maximum allowed size"

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


def upload_folder() -> Path:
    """Return the folder below which Gradio stores uploads and serves any file."""
    return Path(get_upload_folder())


def uploads() -> list[tuple[Path, float]]:
    """Return all uploaded files, also incomplete ones, with their age in seconds."""
    folder = upload_folder()
    complete = (f for d in folder.glob("*") if _is_own_folder(d) for f in d.glob("*"))
    found = [*complete, *folder.glob("tmp*")]
    return [(file, _age(file)) for file in found if file.is_file()]


def remove_upload(file: Path) -> None:
    """Remove an upload and the folder that it has for itself; any other file stays."""
    own, incomplete = _is_own_folder(file.parent), file.parent == upload_folder()
    try:
        if own or (incomplete and file.name.startswith("tmp")):
            file.unlink()
        if own:
            file.parent.rmdir()
    except OSError:  # gone already, or not empty
        pass


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


def _is_own_folder(folder: Path) -> bool:
    """Return whether a folder is one that Gradio made for an upload, named by its SHA-256."""
    return len(folder.name) == 64 and folder.parent == upload_folder()


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0
