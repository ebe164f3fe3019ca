"""The timeline of a run: its previews on disk, from the first step to the newest."""

import shutil
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from style_transfer.engine import Frame, Stroke
from style_transfer.images import open_image, reduced, to_pil, to_tensor
from style_transfer.settings import Settings
from style_transfer.ui.http.frames import PREVIEW_SIDE
from style_transfer.ui.session.run_inputs import Origin, PhotoSource

MAX_PREVIEWS = 240  # of a run; at 384 px about 15 MB
FEWEST = 8  # of a run whose visitor has no room for more
MAX_STYLE_BYTES = 400_000_000  # of the style images from which the previews of a run were painted
JPEG_QUALITY = 95  # good enough to start another run from
DELETION_DELAY = 16  # files; a browser fetches a preview a little after it was told of it


@dataclass(frozen=True)
class Preview:
    """A frame kept as a file, of PREVIEW_SIDE px at most, with its settings."""

    step: int
    file: Path
    settings: Settings
    losses: dict[str, float]
    origin: Origin
    content_file: Path  # the content image as a file that browsers show
    recolored_file: Path | None = None  # with colours of the content image, where it keeps some
    strokes: tuple[Stroke, ...] = ()  # that were made until then, and undone

    def shows(self, frame: Frame) -> bool:
        """Return whether it is of this frame: of this step and these strokes."""
        return (self.step, self.strokes) == (frame.step, frame.state.strokes)

    @property
    def image(self) -> Tensor:
        """The preview in the colours of the style, (1, 3, H, W)."""
        return to_tensor(open_image(self.file))

    @property
    def content(self) -> Tensor:
        """The content image that it was painted from, (1, 3, H, W)."""
        return to_tensor(open_image(self.content_file))

    @property
    def shown_file(self) -> Path:
        """The file that the page shows."""
        return self.recolored_file or self.file


class Timeline:
    """The previews of a run in the order of their steps: at most `max_previews`, spread evenly."""

    def __init__(
        self,
        folder: Path,
        max_previews: int = MAX_PREVIEWS,
        is_crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """Begin empty; the files go into `folder`, which is made.

        While `is_crowded`, that is when the previews of its visitor have no more room, another one
        takes the place of an older one, and of more as long as there are more than FEWEST.
        """
        folder.mkdir(parents=True)
        self.folder, self.previews = folder, list[Preview]()
        self.size = 0  # bytes of its files
        self._max_previews, self._is_crowded = max_previews, is_crowded
        self._counts = Counter[str]()  # of files, by the beginning of their names
        self._to_delete: deque[Path] = deque()
        self._content_files: dict[PhotoSource, Path] = {}

    def __len__(self) -> int:
        return len(self.previews)

    def add(self, frame: Frame, origin: Origin) -> Preview:
        """Store a frame as the newest preview and return it. Raises OSError."""
        file, source, strokes = self._save(frame.stylized), origin.source, frame.state.strokes
        content = self._content_files.get(source) or self._save(frame.content, "photo-")
        self._content_files[source] = content
        recolored = self._save(frame.picture) if frame.settings.keep_colors else None
        made = frame.step, file, frame.settings, frame.losses
        return self._append(Preview(*made, origin, content, recolored, strokes))

    def recolor(self, preview: Preview, image: Tensor, share: float) -> Preview:
        """Replace a preview by `image`, which keeps this share of the content image's colours."""
        if preview.recolored_file:
            self._delete_later(preview.recolored_file)
        file = self._save(image) if share else None
        settings = replace(preview.settings, keep_colors=share)
        new = replace(preview, settings=settings, recolored_file=file)
        self.previews = [new if each is preview else each for each in self.previews]
        return new

    def add_copy(self, preview: Preview) -> Preview:
        """Store a copy of a preview of another timeline, byte for byte, as the newest."""
        file, recolored = self._copy(preview.file), preview.recolored_file
        if recolored:
            recolored = self._copy(recolored)
        content = self._copy(preview.content_file, "photo-")
        self._content_files[preview.origin.source] = content
        copy = replace(preview, file=file, recolored_file=recolored, content_file=content)
        return self._append(copy)

    def nearest(self, step: int) -> int:
        """Return the index of the preview nearest to `step`."""
        return min(range(len(self)), key=lambda index: abs(self.previews[index].step - step))

    def _save(self, image: Tensor, prefix: str = "") -> Path:
        file = self._next_file(prefix)
        to_pil(reduced(image, PREVIEW_SIDE)).save(file, quality=JPEG_QUALITY, subsampling="4:4:4")
        self.size += file.stat().st_size
        return file

    def _copy(self, file: Path, prefix: str = "") -> Path:
        copy = shutil.copyfile(file, self._next_file(prefix))
        self.size += copy.stat().st_size
        return copy

    def _next_file(self, prefix: str) -> Path:
        self._counts[prefix] += 1
        return self.folder / f"{prefix}{self._counts[prefix]:06}.jpg"

    def _append(self, preview: Preview) -> Preview:
        self.previews = [*self.previews, preview]  # a new list, for threads that read the old one
        if len(self) > self._max_previews:
            self._thin_out()
        while len(self) > FEWEST and self._is_crowded():
            self._thin_out()
        while self._style_bytes > MAX_STYLE_BYTES and self.previews[0].origin is not preview.origin:
            self._remove(0)  # by and by the oldest of others than the newest ones
        return preview

    @property
    def _style_bytes(self) -> int:
        styles = {preview.origin.styles for preview in self.previews}
        images = {id(image): image.nbytes for each in styles for image in each.images}
        return sum(images.values())

    def _thin_out(self) -> None:
        """Remove the preview that leaves the smallest gap, the oldest of several such."""
        steps = [preview.step for preview in self.previews]
        self._remove(min(range(1, len(steps) - 1), key=lambda n: steps[n + 1] - steps[n - 1]))

    def _remove(self, index: int) -> None:
        removed = self.previews[index]
        self.previews = self.previews[:index] + self.previews[index + 1 :]
        self._delete_later(removed.file)
        if removed.recolored_file:
            self._delete_later(removed.recolored_file)
        kept = {preview.origin.source for preview in self.previews}
        for source in {*self._content_files} - kept:
            self._delete_later(self._content_files.pop(source))

    def _delete_later(self, file: Path) -> None:
        with suppress(OSError):
            self.size -= file.stat().st_size
        self._to_delete.append(file)
        while len(self._to_delete) > DELETION_DELAY:
            oldest = self._to_delete.popleft()
            try:
                oldest.unlink(missing_ok=True)
            except OSError:  # Windows deletes no file that is being served
                self._to_delete.append(oldest)
                break
