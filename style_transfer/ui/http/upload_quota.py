"""How many bytes of uploads lie on the disk, of each visitor and in all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import Message, Send

from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.visitors import OWN_MACHINE

_Kept = dict[object, tuple[str, int]]  # visitor and bytes, by the path of a file or an upload


class UploadQuota:
    """Refuses uploads that would be too many together; files that were removed count no more."""

    def __init__(self, each: int, total: int) -> None:
        """Both in MB: of one visitor, and of all."""
        self._each, self._total = each * 1_000_000, total * 1_000_000
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
            self._kept |= {file: (visitor, file.stat().st_size) for file in _files_in(body)}

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
                f"You have uploaded {theirs / 1e6:.0f} MB of at most {self._each / 1e6:.0f} MB; "
                "what no page uses goes after a quarter of an hour.",
            )
        if sum(kept for _, kept in self._kept.values()) + size > self._total:
            raise RefusedError(413, "There is no room for more uploads; please try again later.")


def _files_in(body: bytearray) -> list[Path]:
    """Return the files that an answer to an upload names."""
    try:
        paths = json.loads(bytes(body))
        return [Path(path) for path in paths if isinstance(path, str) and Path(path).is_file()]
    except (ValueError, TypeError):  # another answer, such as a refusal
        return []
