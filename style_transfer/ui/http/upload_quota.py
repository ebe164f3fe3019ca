"""How many bytes of uploads lie on the disk, of each visitor and in all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import Message, Send

from style_transfer.runs import MEGABYTE, OWN_MACHINE
from style_transfer.ui.http.answers import RefusedError

SMALLEST = 100_000  # bytes that a file counts as at least: each one is looked after again and again

_Kept = dict[object, tuple[str, int]]  # visitor and bytes, by the path of a file or an upload


class UploadQuota:
    """Refuses uploads that would be too many together; files that were removed count no more."""

    def __init__(self, each: int, total: int, path_of: Callable[[str], str] = str) -> None:
        """Both in MB: of one visitor, and of all; `path_of` gives the path of a file as told."""
        self._each, self._total = each * MEGABYTE, total * MEGABYTE
        self._path_of = path_of
        self._kept: _Kept = {}

    @contextmanager
    def reserve(self, visitor: str, size: int, send: Send) -> Iterator[Send]:
        """Count an upload of `size` bytes while it comes, and its files from then on.

        Gives the function by which it is answered, in the place of `send`. Raises RefusedError.
        """
        self._check(visitor, size)
        upload, body = object(), bytearray()
        self._kept[upload] = visitor, size

        async def sending(message: Message) -> None:
            body.extend(message.get("body", b""))
            await send(message)

        try:
            yield sending
        finally:
            del self._kept[upload]
            self._kept |= {file: (visitor, _size(file)) for file in self._files_in(body)}

    def _check(self, visitor: str, size: int) -> None:
        self._kept = {
            key: value
            for key, value in self._kept.items()
            if not isinstance(key, Path) or key.exists()
        }
        theirs = sum(kept for whose, kept in self._kept.values() if whose == visitor)
        if visitor != OWN_MACHINE and theirs + size > self._each:
            raise RefusedError(
                413,
                f"You have uploaded {theirs / MEGABYTE:.0f} MB of at most "
                f"{self._each / MEGABYTE:.0f} MB; "
                "what no page uses goes after a quarter of an hour.",
            )
        if sum(kept for _, kept in self._kept.values()) + size > self._total:
            raise RefusedError(413, "There is no room for more uploads; please try again later.")

    def _files_in(self, body: bytearray) -> list[Path]:
        """Return the files that an answer to an upload names."""
        try:
            told = json.loads(bytes(body))
            files = [Path(self._path_of(each)) for each in told if isinstance(each, str)]
            return [file for file in files if file.is_file()]
        except (ValueError, TypeError):  # another answer, such as a refusal
            return []


def _size(file: Path) -> int:
    return max(SMALLEST, file.stat().st_size)
