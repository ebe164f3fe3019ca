"""PageFolder: the folder of the files that are made for one page."""

import secrets
import shutil
import threading
from pathlib import Path

from style_transfer.ui.http.calls import error_on_page
from style_transfer.ui.http.gradio_uploads import upload_folder


class PageFolder:
    """A folder with a name that nobody can guess, until its page is closed."""

    def __init__(self) -> None:
        """Begin without one on the disk."""
        self.closed = False
        self._name, self._lock = secrets.token_hex(16), threading.Lock()

    def make(self) -> Path:
        """Return it, made where it is not there yet. Raises gr.Error once it was closed."""
        with self._lock:
            if self.closed:
                raise error_on_page("This page was closed.")
            self._path.mkdir(parents=True, exist_ok=True)
            return self._path

    def close(self) -> None:
        """Let nobody have it any more; who has it already may still be writing."""
        with self._lock:
            self.closed = True

    def remove(self) -> None:
        """Remove it with all its files."""
        shutil.rmtree(self._path, ignore_errors=True)

    @property
    def _path(self) -> Path:
        return upload_folder() / self._name
