"""All sessions of a page, and the context in which its handlers work."""

import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from style_transfer.runs import RunService
from style_transfer.ui.http.gradio_internals import remove_upload
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.session.picture_reader import PictureReader, shared_decoders
from style_transfer.ui.session.session import Session

IDLE = 1800.0  # s; what a caller without a page left behind goes after that


class Sessions:
    """The sessions by the hash that Gradio gives a tab."""

    def __init__(self, presence: Presence) -> None:
        self.shared_uploads: Collection[Path] = ()  # files of all visitors, such as samples
        self._presence = presence
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def of(self, key: str) -> Session:
        """Return the session of a tab, a new one at its first call."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = Session(key, self._presence)
            return self._sessions[key]

    def find(self, key: str) -> Session:
        """Return the session of a tab, or an empty one where it has none."""
        return self._sessions.get(key) or Session()

    def all(self) -> list[Session]:
        """Return the sessions of all tabs."""
        return list(self._sessions.values())

    def uploads(self) -> set[Path]:
        """Return the uploads of all open pages, and those that belong to all visitors."""
        return {file for session in self.all() for file in session.uploads} | {*self.shared_uploads}

    def close(self, key: str) -> None:
        """Forget the session of a tab that was closed: its run ends and its files go."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session:
            session.close()
            for file in session.uploads - self.uploads():
                remove_upload(file)

    def sweep(self) -> None:
        """Close the sessions of callers that never had a page, or whose leaving went unnoticed."""
        for key, session in list(self._sessions.items()):
            if session.absent > IDLE and not session.is_busy:
                self.close(key)


@dataclass(frozen=True)
class PageContext:
    """What all handlers of one page share."""

    service: RunService
    presence: Presence
    sessions: Sessions
    reader: PictureReader

    @classmethod
    def of(cls, service: RunService) -> "PageContext":
        """Return the context of a new page, without sessions."""
        presence = Presence()
        reader = PictureReader(service, shared_decoders())
        return cls(service, presence, Sessions(presence), reader)
