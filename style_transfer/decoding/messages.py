"""Messages between processes: values as a line of JSON, then bytes.

Nothing of a message is run or unpickled, so that a process which a hostile file has taken over can
lie about pixels and do no more.
"""

import json
from typing import IO, Any

Message = tuple[dict[str, Any], bytes]

MAX_HEAD = 100_000  # bytes of the line


def write_message(stream: IO[bytes], values: dict[str, Any], data: bytes = b"") -> None:
    """Write a message. Raises OSError where nobody reads."""
    stream.write(json.dumps(values | {"length": len(data)}).encode() + b"\n")
    stream.write(data)
    stream.flush()


def read_message(stream: IO[bytes], most: int) -> Message:
    """Return the next message, whose bytes may be `most` in number.

    Raises EOFError where the stream ends before it does, ValueError where it is none.
    """
    line = stream.readline(MAX_HEAD)
    if not line:
        raise EOFError
    try:
        values = json.loads(line)
    except RecursionError:  # thousands of brackets
        values = None
    length = values.pop("length", None) if isinstance(values, dict) else None
    if not isinstance(length, int) or not 0 <= length <= most:
        raise ValueError(f"A message has at most {most:,} bytes, not {length!r}.")
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return values, data
