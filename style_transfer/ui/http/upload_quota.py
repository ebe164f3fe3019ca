"""How many bytes of uploads lie on the disk, of each visitor and in all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from style_transfer.runs import MEGABYTE, OWN_MACHINE
from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.gradio_uploads import (
    kept_files,
    note_files,
    received_files,
    remove_unkept,
)

SMALLEST = 100_000  # bytes that a file counts as at least: each one is looked after again and again

_Kept = dict[object, tuple[str, int]]  # visitor and bytes, by the path of a file or an upload


class UploadQuota:
    """Refuses uploads that would be too many together; files that were removed count no more."""

    def __init__(self, each: int, total: int) -> None:
        """Both in MB: of one visitor, and of all."""
        self._each, self._total = each * MEGABYTE, total * MEGABYTE
        self._kept: _Kept = {}
        note_files()

    @contextmanager
    def reserve(self, visitor: str, size: int) -> Iterator[None]:
        """Count an upload of `size` bytes while it comes, and what is kept of it from then on.

        What is not kept goes, however the upload ends. Raises RefusedError.
        """
        self._check(visitor, size)
        upload = object()
        self._kept[upload] = visitor, size
        with received_files() as files:
            try:
                yield
            finally:
                remove_unkept(files)
                del self._kept[upload]
                # Who uploads again what is there does not take it from the visitor whose it is.
                self._kept = {
                    file: (visitor, _size(file)) for file in kept_files(files)
                } | self._kept

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


def _size(file: Path) -> int:
    return max(SMALLEST, file.stat().st_size)
