"""The pictures of a job, as tensors, and how its picture is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from style_transfer.batch.planning import STREAM, PictureJob
from style_transfer.batch.request import OF_PHOTO, Request
from style_transfer.batch.sources import Sources, source_name
from style_transfer.engine import Styles, default_size, masked
from style_transfer.images import (
    COLOUR_SPACES,
    SRGB,
    ColourSpace,
    Export,
    Photo,
    color_named,
    format_of,
    open_image,
    open_mask,
    open_photo,
    photo_tensors,
    to_tensor,
)

_WHITE = "white"


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is read for a job."""

    content: Tensor  # (1, 3, H, W)
    styles: Styles
    export: Export
    note: str  # a sentence on what is not as it was asked for, or ""


def read_inputs(job: PictureJob, request: Request, sources: Sources, device: str) -> Inputs:
    """Return the pictures of a job. Raises ValueError, one sentence, for what cannot be used."""
    size = request.size or default_size(device)
    file, name = sources.open(job.photo), source_name(job.photo)
    photo = open_photo(file, name, size, enlarged=request.enlarge, page=request.page)
    content, opacity = photo_tensors(photo, _background(job.output, request))
    space, note = _space(photo, request, name)
    exif = photo.exif if request.keep_exif else None
    export = Export(request.depth, space, opacity, _dpi(photo, job.output, request), exif)
    longest = max(content.shape[-2:])
    if request.size and longest < request.size:
        width, height = content.shape[-1], content.shape[-2]
        note = (
            f"{name} is painted at its {width} x {height} pixels: "
            f"a photo is not enlarged to --size {request.size} without --enlarge"
        )
    return Inputs(content, read_styles(job.styles, request.mask, opacity, sources), export, note)


def _background(output: Path, request: Request) -> Tensor | None:
    """Return the colour on which what is transparent is laid, None where it is kept."""
    known = format_of(output.suffix)
    keeps = output == STREAM or (known is not None and known.transparent)
    if request.background is None and keeps:
        return None
    return torch.tensor(color_named(request.background or _WHITE))


def _dpi(photo: Photo, output: Path, request: Request) -> float | None:
    """Return the resolution that is asked for, else the photo's where the format holds it."""
    known = format_of(output.suffix)
    if request.dpi is None and photo.dpi and known and photo.dpi > known.most_dpi:
        return None
    return request.dpi or photo.dpi


def _space(photo: Photo, request: Request, name: str) -> tuple[ColourSpace, str]:
    if request.color_space != OF_PHOTO:
        return COLOUR_SPACES[request.color_space], ""
    if photo.profile is None:
        return SRGB, ""
    if (space := ColourSpace.of_profile(photo.profile)) is None:
        return SRGB, f"{name} has a profile that is none of RGB by a matrix; the picture is in sRGB"
    return space, ""


def read_styles(
    files: Sequence[Path],
    mask: Path | None,
    opacity: Tensor | None = None,
    sources: Sources | None = None,
) -> Styles:
    """Return the styles in files, with the masks of a mask picture, see `masked`.

    Statistics are of what the `opacity` (1, 1, H, W) of the photo shows alone, see
    `Styles.where_seen`. Raises ValueError, one sentence.
    """
    sources = sources or Sources()
    paintings = tuple(
        to_tensor(open_image(sources.open(file), source_name(file))) for file in files
    )
    if mask is not None:
        return masked(paintings, to_tensor(open_mask(sources.open(mask), source_name(mask))))
    return Styles(paintings).where_seen(opacity)
