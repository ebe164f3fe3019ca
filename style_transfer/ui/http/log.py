"""Log lines of what strangers send: such as hold a path stay one line each, others are left out."""

import logging
import traceback
from typing import Any

# Libraries that warn of requests which they do not understand, each time somebody sends one.
EASILY_ALARMED = "uvicorn.error", "python_multipart.multipart"


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


def log_no_alarms() -> None:
    """Let EASILY_ALARMED log errors only. Their levels will not do: uvicorn sets its own anew."""
    for name in EASILY_ALARMED:
        logging.getLogger(name).addFilter(_is_error)


def plain(text: str) -> str:
    """Return `text` with all that is no visible character in the form of Python's escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR
