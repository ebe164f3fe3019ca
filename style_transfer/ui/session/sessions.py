"""All sessions of a page, and the context in which its handlers work."""

import threading
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from weakref import ref

import gradio as gr

from style_transfer.runs import MEGABYTE, OWN_MACHINE, Limits, Run, RunService
from style_transfer.ui.http.calls import or_error_on_page, session_key, visitor_of
from style_transfer.ui.http.gradio_uploads import remove_upload
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.session.picture_reader import PictureReader, shared_decoders
from style_transfer.ui.session.resting import RestingStates
from style_transfer.ui.session.session import Session

IDLE = 1800.0  # s; what a caller without a page left behind goes after that


MAX_SESSIONS = 1000  # of all visitors; each takes little but for what its visitor has painted
MAX_SUBMITTED = 64  # sessions with values to begin a run with, of up to 1 MB; served in a moment


class Sessions:
    """The sessions by the hash that Gradio gives a tab, a bounded number of them."""

    def __init__(self, presence: Presence, limits: Limits | None = None) -> None:
        self.shared_uploads: Collection[Path] = ()  # files of all visitors, such as samples
        self._presence, self._limits = presence, limits or Limits()
        self._sessions: dict[str, Session] = {}
        self._submitted: deque[ref[Session]] = deque()  # last; a closed one is free to go
        self._lock = threading.Lock()

    def calling(self, request: gr.Request) -> Session:
        """Return the session of a call. Raises gr.Error where `of` raises ValueError."""
        session: Session = or_error_on_page(self.of, session_key(request), visitor_of(request))
        return session

    def of(self, key: str, visitor: str = OWN_MACHINE) -> Session:
        """Return the session of a tab, a new one at its first call.

        Where there are too many, of one visitor or in all, one that nobody listens to goes. Raises
        ValueError, one sentence, where all are in use.
        """
        if session := self._sessions.get(key):
            return session
        most, sessions = self._limits.visitor_pages, self.all()
        theirs = [each for each in sessions if each.visitor == visitor]
        if visitor != OWN_MACHINE and len(theirs) >= most:
            self._make_room(theirs, f"You have {most} pages open here; close one of them.")
        elif len(sessions) >= MAX_SESSIONS:
            self._make_room(sessions, "Too many pages are open here; please try again later.")
        session = Session(key, self._presence, visitor, partial(self._is_crowded, visitor))
        with self._lock:
            return self._sessions.setdefault(key, session)

    def submit(self, session: Session, values: Mapping[str, Any]) -> None:
        """Store what the next run of a session begins with; of the last few sessions only."""
        with self._lock:
            session.start_values = values
            self._submitted.append(ref(session))
            if len(self._submitted) > MAX_SUBMITTED:
                first = self._submitted.popleft()
                if (oldest := first()) and first not in self._submitted:
                    oldest.start_values = {}

    def find(self, key: str) -> Session:
        """Return the session of a tab, or an empty one where it has none."""
        return self._sessions.get(key) or Session()

    def known(self, key: str) -> Session:
        """Return the session of a tab. Raises LookupError where it has none.

        Whoever knows the hash of a tab may steer its run and see its picture, as with all of
        Gradio's calls: its visitor may have another address from one moment to the next.
        """
        if session := self._sessions.get(key):
            return session
        raise LookupError(key)

    def shown_run(self, key: str) -> Run | None:
        """Return the run that a page follows, None while it follows none.

        Remembers when it was asked for. Raises LookupError where there is no such page.
        """
        session = self.known(key)
        if not session.shows_newest:
            return None
        session.fetched_at = time.monotonic()
        return session.run

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

    def _is_crowded(self, visitor: str) -> bool:
        """Return whether the previews of a visitor, or of all, take more than they may."""
        sizes = [(each.visitor, each.records.preview_bytes) for each in self.all()]
        theirs = sum(size for whose, size in sizes if whose == visitor)
        limits = self._limits
        if visitor != OWN_MACHINE and theirs > limits.visitor_previews * MEGABYTE:
            return True
        return sum(size for _, size in sizes) > limits.previews * MEGABYTE

    def _make_room(self, sessions: Collection[Session], words: str) -> None:
        """Close the session whose visitor has been away for longest. Raises ValueError for none."""
        away = [each for each in sessions if each.absent and not each.is_busy]
        if not away:
            raise ValueError(words)
        self.close(max(away, key=lambda each: each.absent).key)

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
    resting: RestingStates

    @classmethod
    def of(cls, service: RunService) -> "PageContext":
        """Return the context of a new page, without sessions."""
        presence = Presence()
        reader = PictureReader(service, shared_decoders())
        sessions = Sessions(presence, service.limits)
        return cls(service, presence, sessions, reader, RestingStates(service.limits))
