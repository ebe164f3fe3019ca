"""Pictures of a session, written as files for its page, and read again."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from weakref import ref

import torch
from torch import Tensor

from style_transfer.images import Export, open_image, reduced, save, to_pil, to_tensor
from style_transfer.ui.http.frames import PREVIEW_SIDE
from style_transfer.ui.session.timeline import JPEG_QUALITY

PAINTING_SIDE = 640  # px, longer side of a painting in which places are picked
MAX_STEM = 60  # characters of the name of a file that is brought back


class PictureFiles:
    """Writes photos and paintings into the folder of a session, and reads its photos."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """`folder` returns it, and makes it where it is not there yet."""
        self._folder, self._count = folder, 0
        self._known: dict[int, tuple[ref[Tensor], Path]] = {}  # by id, which another may get
        self._read: tuple[Path, Tensor] | None = None  # the one read last

    def save_content(self, content: Tensor) -> Path:
        """Return a JPEG file of a content image (1, 3, H, W), which every browser shows."""
        file = self._new(".jpg")
        to_pil(content).save(file, quality=JPEG_QUALITY)
        return file

    def save_photo(self, image: Tensor, name: str, opacity: Tensor | None = None) -> Path:
        """Return a PNG file, named like `name`, from which an image (1, 3, H, W) is read as is.

        `opacity` is (1, 1, H, W), None where it is opaque.
        """
        folder = self._new("")
        folder.mkdir()
        stem = re.sub(r"[^\w-]+", "_", Path(name).stem)[:MAX_STEM] or "picture"
        save(image, folder / f"{stem}.png", export=Export(opacity=opacity))
        return folder / f"{stem}.png"

    def painting_files(self, paintings: Iterable[Tensor]) -> list[Path]:
        """Return JPEG files of paintings (1, 3, h, w), at most PAINTING_SIDE px long.

        Raises OSError.
        """
        return [self._once(each, self._write_small) for each in paintings]

    def save_opacity(self, opacity: Tensor) -> Path:
        """Return a small black PNG file of this opacity (1, 1, H, W)."""
        return self._once(opacity, self._write_opacity)

    def read(self, file: Path) -> Tensor:
        """Return the image (1, 3, H, W) in a file that is never another one: asked again for the
        same, the same object, by which an inspector knows what it has seen."""
        read = self._read
        if read is None or read[0] != file:
            self._read = read = file, to_tensor(open_image(file))
        return read[1]

    def _write_small(self, image: Tensor) -> Path:
        return self.save_content(reduced(image, PAINTING_SIDE))

    def _write_opacity(self, opacity: Tensor) -> Path:
        shown, file = reduced(opacity, PREVIEW_SIDE), self._new(".png")
        save(torch.zeros((1, 3, *shown.shape[-2:])), file, export=Export(opacity=shown))
        return file

    def _once(self, image: Tensor, write: Callable[[Tensor], Path]) -> Path:
        """Return the file of an image, which `write` makes where there is none yet."""
        known = self._known.get(id(image))
        if known is None or known[0]() is not image:
            self._known[id(image)] = known = ref(image), write(image)
        return known[1]

    def _new(self, suffix: str) -> Path:
        self._count += 1
        return self._folder() / f"photo-{self._count}{suffix}"
