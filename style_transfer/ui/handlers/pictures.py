"""Materials: the style pictures and regions that a visitor chose, as what a run is made from."""

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import Styles, masked
from style_transfer.images import open_image, to_tensor
from style_transfer.settings import MAX_STYLES

STYLE_SIDE = 2048  # px at most; 50 MB, and a page keeps some for each of its runs
MORE_STYLES = tuple(f"style-{number}" for number in range(2, MAX_STYLES + 1))
CHOSEN = ("style-image", *MORE_STYLES, "regions")  # the components that tell them
PAINTED = "painted on the page"  # instead of the name of a mask
_MASK = "data:image/png;base64,"


def style_files(named: Mapping[str, Any]) -> list[str]:
    """Return the files of the style pictures, the first one first, without gaps."""
    return [named[name] for name in CHOSEN[:-1] if named[name]]


def styles(named: Mapping[str, Any], known: Mapping[str, Tensor]) -> Styles:
    """Return what was chosen; `known` are paintings by file that need not be read again.

    Raises ValueError, one sentence, for a picture or regions that cannot be read.
    """
    files = style_files(named)
    paintings = tuple(
        known[file] if file in known else to_tensor(open_image(file), STYLE_SIDE) for file in files
    )
    mask = _mask(named["regions"])
    return Styles(paintings) if mask is None else masked(paintings, mask)


def read_styles(files: Sequence[str], mask: str | None = None) -> Styles:
    """Return the paintings in `files`, where the mask picture puts them if there is one."""
    paintings = tuple(to_tensor(open_image(file), STYLE_SIDE) for file in files)
    return masked(paintings, to_tensor(open_image(mask))) if mask else Styles(paintings)


def names(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe says of them."""
    first, *others = (Path(file).name for file in style_files(named))
    mask = PAINTED if _painted(named["regions"]) else ""
    return {"style": first, "more_styles": tuple(others), "mask": mask}


def _painted(value: Any) -> str:
    painted = value.get("mask") if isinstance(value, Mapping) else None
    return painted if isinstance(painted, str) else ""


def _mask(value: Any) -> Tensor | None:
    """Return the regions as a mask picture (1, 3, H, W), None where none were painted."""
    painted = _painted(value)
    if not painted:
        return None
    try:
        data = base64.b64decode(painted.removeprefix(_MASK), validate=True)
    except binascii.Error:
        raise ValueError("The regions are no picture.") from None
    return to_tensor(open_image(io.BytesIO(data), "The regions"))
