"""Log lines that hold what strangers sent, such as a path, and stay one line each."""

import logging
import traceback
from typing import Any


class PlainRecord(logging.LogRecord):
    """A log record whose text has no control characters: a line break in it begins no new line."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take what the base class takes."""
        super().__init__(*arguments, **named)
        if isinstance(self.args, tuple):  # uvicorn's access log puts them into its line itself
            self.args = tuple(plain(a) if isinstance(a, str) else a for a in self.args)
        if self.exc_info and self.exc_info[1]:
            lines = "".join(traceback.format_exception(*self.exc_info)).splitlines()
            self.exc_text = "\n".join(f"  {plain(line)}" for line in lines)  # no line looks new

    def getMessage(self) -> str:  # noqa: N802
        """Return the message with its control characters escaped."""
        return plain(super().getMessage().rstrip("\n"))


def use_plain_records() -> None:
    """Let all loggers of this process, uvicorn's among them, write plain records."""
    logging.setLogRecordFactory(PlainRecord)


def plain(text: str) -> str:
    """Return `text` with all that is no visible character in the form of Python's escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
