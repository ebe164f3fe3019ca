"""Reading the files of visitors: by decoding processes, within the limits of the service."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.decoding import Decoder, DecoderPool, declared_pixels, decoding_memory
from style_transfer.images import fit, painted_size, photo_tensors, to_tensor
from style_transfer.recipe import MAX_TEXT, Recipe
from style_transfer.runs import OWN_MACHINE, RunMemory, RunService

Size = tuple[int, int]  # height, width

STYLE_SIDE = 2048  # px at most; 50 MB, and a page holds some for each of its runs
SHOWN_SIDE = 1024  # px at most
MASK_SIDE = 1024  # px at most; edges are feathered over more pixels than are lost
_MEASURED = 1000  # files whose size is remembered, since each change of the page asks for it


class PictureReader:
    """Reads what visitors upload; this process never decodes it.

    Methods raise ValueError, one sentence that names the file, where it cannot be read.
    """

    def __init__(self, service: RunService, decoders: DecoderPool) -> None:
        self._service, self._decoders, self._visitor = service, decoders, OWN_MACHINE
        self.warm, self.close = decoders.warm, decoders.close
        self._measured = lru_cache(_MEASURED)(self._measure_file)

    def of(self, visitor: str) -> "PictureReader":
        """Return the reader for the files of one visitor, who waits for a decoder as one."""
        theirs = copy(self)
        theirs._visitor = visitor
        return theirs

    def size_of(self, file: str) -> Size:
        """Return (height, width) of a picture."""
        return self._measured(self._visitor, file, _age(file))[0]

    def photo(self, file: str, side: int, enlarge: bool = False) -> tuple[Tensor, Tensor | None]:
        """Return a photo as (1, 3, H, W), and its opacity (1, 1, H, W), None where it has none.

        Its longer side has at most `side` px or, where it is to be enlarged, exactly. Raises
        ValueError also where a run may not be that large.
        """
        size, rich = self._measured(self._visitor, file, _age(file))
        painted, name = painted_size(size, side, enlarge), Path(file).name
        self._service.limits.check_size(*painted, self._visitor)
        pixels = max(math.prod(size), math.prod(painted))
        with (
            self._decoders.lend(self._visitor) as decoder,
            self._reserved(name, pixels, rich),
        ):
            options = {"rich": rich, "enlarged": enlarge}
            return photo_tensors(decoder.open_photo(file, name, side, pixels, **options))

    def style(self, file: str) -> Tensor:
        """Return a style image as (1, 3, H, W), its longer side at most STYLE_SIDE px."""
        return self._read(Decoder.open_image, file, Path(file).name, STYLE_SIDE)

    def shown(self, file: str) -> Tensor:
        """Return a picture as (1, 3, H, W) for a screen, its longer side at most SHOWN_SIDE px."""
        return self._read(Decoder.open_image, file, Path(file).name, SHOWN_SIDE)

    def mask(self, file: str) -> Tensor:
        """Return a mask picture as (1, 3, H, W), its longer side at most MASK_SIDE px."""
        return self._read(Decoder.open_mask, file, Path(file).name, MASK_SIDE)

    def painted_mask(self, data: bytes) -> Tensor:
        """Return a mask that was painted on the page, the bytes of a PNG: unpainted is white."""
        return self._read(Decoder.open_image, data, "The regions", MASK_SIDE)

    def recipe(self, file: str) -> Recipe:
        """Return the recipe in a picture or settings file."""
        name = Path(file).name
        with self._decoders.lend(self._visitor) as decoder:
            text = decoder.read_text(file, name, MAX_TEXT + 1)
        return Recipe.from_json(text, name)

    def _read(
        self, open_picture: Callable[..., Any], file: str | bytes, name: str, side: int
    ) -> Tensor:
        with self._decoders.lend(self._visitor) as decoder:
            pixels = math.prod(self._measure(decoder, file, name)[0])
            with self._reserved(name, pixels):
                return to_tensor(open_picture(decoder, file, name, side, pixels))

    def _measure_file(self, visitor: str, file: str, _: float) -> tuple[Size, bool]:
        with self._decoders.lend(visitor) as decoder:
            return self._measure(decoder, file, Path(file).name)

    def _measure(self, decoder: Decoder, file: str | bytes, name: str) -> tuple[Size, bool]:
        if isinstance(file, str) and not os.path.exists(file):
            # The page may be there all the same: its connection broke, or a browser kept it.
            raise ValueError(f"{name} is no longer on the server; choose or upload it again.")
        pixels = declared_pixels(file)
        with self._reserved(name, pixels):
            return decoder.survey(file, name, pixels)

    @contextmanager
    def _reserved(self, name: str, pixels: int, rich: bool = False) -> Iterator[None]:
        """Reserve the memory that the decoding of a picture of so many pixels takes."""
        needed = RunMemory(step=0, held=decoding_memory(pixels, rich))
        try:
            reservation = self._service.memory.reserve((pixels, 1), needed)
        except ValueError:
            raise ValueError(
                f"{name}: there is not enough memory to read this picture at the moment; "
                "try again in a few seconds, or with a smaller one."
            ) from None
        try:
            yield
        finally:
            reservation.release()


def style_size(size: Size) -> Size:
    """Return the size (height, width) at which a style picture of `size` is read."""
    return fit(size, STYLE_SIDE)


@cache
def shared_decoders() -> DecoderPool:
    """Return the decoding processes of this program, which all of its pages share."""
    return DecoderPool()


def _age(file: str) -> float:
    """Return when a file was changed, so that another one of its name is measured again."""
    try:
        return os.stat(file).st_mtime
    except OSError:
        return 0.0
