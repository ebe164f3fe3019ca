"""What each tab of "Inside" is answered: numbers and words as a header, maps as arrays."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.checks import whole_number
from style_transfer.engine import image_size, place_in
from style_transfer.images import fit
from style_transfer.inspection import (
    ComparedLayer,
    channel_order,
    content_map,
    nearest_place,
    strongest_channels,
    style_map,
    style_matrix,
)
from style_transfer.network import PIXELS

STRONGEST = 12  # channels that are shown as small maps
PICKED_RADIUS = 0.08  # of a place that is picked as the nearest one, a share of the longer side
SMALL_SIDE, CHANGE_SIDE, MAP_SIDE, PICTURE_SIDE = 48, 40, 160, 256  # px at most
MATRICES = {  # what the statistics compare
    "gram": "Gram matrix",
    "bures": "Gram matrix",
    "wasserstein": "Covariance",
    "covariance": "Covariance",
    "correlation": "Correlation",
}

Answered = tuple[dict[str, Any], dict[str, Tensor]]  # header and arrays
Show = Callable[[ComparedLayer, "Parameters"], Answered]


class Parameters:
    """The parameters of a question. Raises ValueError, one sentence, for what they cannot be."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter as it is."""
        return self._given.get(name, default)

    def whole(self, name: str, default: int | None = None, high: int = 10**6) -> int:
        """Return a whole number from 0 to `high`."""
        text = self._given.get(name)
        if text is None and default is not None:
            return default
        if text is None or not (text.isascii() and text.isdigit() and len(text) < 9):
            raise ValueError(f"{name} must be a whole number from 0 to {high}, not {text!r}.")
        return whole_number(name, int(text), 0, high)

    def pair(self, name: str, high: int) -> tuple[int, int]:
        """Return two whole numbers from 0 to `high`, with a comma between."""
        parts = self.text(name).split(",")
        if len(parts) != 2:
            raise ValueError(f"{name} must be two numbers, not {self.text(name)!r}.")
        one, other = (Parameters({name: part}).whole(name, high=high) for part in parts)
        return one, other


def show_features(compared: ComparedLayer, given: Parameters) -> Answered:
    """Answer the maps of one channel, and small ones of those that are strongest."""
    count = len(compared.picture)
    strongest = strongest_channels(compared.photo, compared.painting, STRONGEST)
    channel = given.whole("channel", strongest[0], count - 1)
    maps = {"photo": compared.photo, "painting": compared.painting, "picture": compared.picture}
    arrays = {name: reduced(each[channel]) for name, each in maps.items()}
    chosen = {name: reduced(each[strongest], SMALL_SIDE) for name, each in maps.items()}
    most = torch.stack([each.flatten(1).amax(1) for each in chosen.values()]).amax(0)
    for name, each in chosen.items():
        shares = each / most.clamp_min(torch.finfo(each.dtype).tiny).view(-1, 1, 1)
        arrays[f"small_{name}"] = (255 * shares.clamp(0, 1)).round().to(torch.uint8)
    header = {"channel": channel, "channels": strongest, "count": count}
    return header | {"signed": compared.layer == PIXELS}, arrays


def show_matrix(compared: ComparedLayer, given: Parameters) -> Answered:
    """Answer the matrix of the picture, and where it is not known yet that of the painting."""
    count = len(compared.picture)
    upper = torch.triu_indices(count, count)
    key = f"{compared.layer}-{compared.settings.statistic}-{compared.painting_number}"
    header: dict[str, Any] = {
        "count": count,
        "key": key,
        "matrix": MATRICES[compared.settings.statistic],
        "loss": compared.distance(),
    }
    arrays = {"picture": style_matrix(compared)[upper[0], upper[1]].float()}
    if given.text("known") != key:
        header["order"] = channel_order(compared.painting)
        arrays["painting"] = style_matrix(compared, painting=True)[upper[0], upper[1]].float()
    return header, arrays


def show_pair(compared: ComparedLayer, given: Parameters) -> Answered:
    """Answer two channels of painting and picture."""
    one, other = given.pair("channels", len(compared.picture) - 1)
    arrays = {
        f"{which}_{name}": reduced(maps[channel])
        for which, channel in (("one", one), ("other", other))
        for name, maps in (("painting", compared.painting), ("picture", compared.picture))
    }
    return {"channels": [one, other], "signed": compared.layer == PIXELS}, arrays


def show_where(compared: ComparedLayer, given: Parameters) -> Answered:
    """Answer the errors against photo and painting by position, and the picture."""
    content, style = content_map(compared), style_map(compared)
    weighted = style if compared.weights is None else style.nan_to_num()
    mean = weighted.mean() if compared.weights is None else weighted.flatten() @ compared.weights
    settings = compared.settings
    weights = settings.style_layers
    header = {
        "content": content.mean().item(),
        "style": mean.item(),
        "signed": bool((weighted < 0).any()),
        "content_layer": settings.content_layer,
        "weight": weights.get(compared.layer, 0.0) / sum(weights.values()),
    }
    maps = {"content_map": reduced(content), "style_map": reduced(style)}
    return header, maps | _drawn("picture", compared.picture_image, maps["content_map"])


def show_why(compared: ComparedLayer, given: Parameters) -> Answered:
    """Answer the place of the painting that a position of the picture is most like."""
    rows, columns = given.pair("grid", MAP_SIDE)
    row, column = given.pair("at", MAP_SIDE)
    if not (row < rows and column < columns):
        raise ValueError(f"at must lie within the grid of {rows} x {columns}.")
    height, width = compared.picture.shape[-2:]
    at = int((row + 0.5) / rows * height), int((column + 0.5) / columns * width)
    place = nearest_place(compared, *at)
    found, likeness = place.map.shape, reduced(place.map)
    shown = likeness.shape
    middle = (place.column + 0.5) / found[1], (place.row + 0.5) / found[0]
    header = {
        "style": compared.style,
        "picked": place_in(compared.style_image, middle, PICKED_RADIUS, compared.settings),
        "at": [(column + 0.5) / columns, (row + 0.5) / rows],
        "layer": compared.layer,
        "cosine": place.likeness,
        "place": [
            int((place.row + 0.5) / found[0] * shown[0]),
            int((place.column + 0.5) / found[1] * shown[1]),
        ],
    }
    arrays = {"likeness": likeness}
    return header, arrays | _drawn("painting", compared.painting_image, likeness)


def show_changes(changes: Mapping[str, Tensor]) -> Answered:
    """Answer the change of each term, (1, 3, h, w): its brightness and, about grey, its colours.

    They are means of squares of pixels: single pixels are pushed to and fro.
    """
    found = {term: reduced(change.squeeze(0), CHANGE_SIDE) for term, change in changes.items()}
    sizes = {term: change.square().mean().sqrt().item() for term, change in changes.items()}
    sample = torch.cat([each.abs().flatten() for each in found.values()] or [torch.ones(1)])
    limit = max(sample.kthvalue(max(1, int(0.99 * len(sample)))).values.item(), 1e-12)
    arrays = {f"{term}_change": each.mean(0) for term, each in found.items()}
    for term, each in found.items():
        arrays[f"{term}_colors"] = as_bytes(0.5 + 0.5 * each / limit)
    return {"sizes": sizes, "limit": limit}, arrays


def _drawn(name: str, image: Tensor, like: Tensor) -> dict[str, Tensor]:
    """Return an image (1, 3, H, W) as bytes, and its brightness at the size of a map `like` it."""
    brightness = F.adaptive_avg_pool2d(image.mean(1, keepdim=True), image_size(like))
    return {name: as_bytes(reduced(image.squeeze(0), PICTURE_SIDE)), "brightness": brightness[0, 0]}


def as_bytes(image: Tensor) -> Tensor:
    """Return an image (3, h, w) as bytes (h, w, 3)."""
    return (255 * image.clamp(0, 1)).round().to(torch.uint8).permute(1, 2, 0)


def reduced(maps: Tensor, side: int = MAP_SIDE) -> Tensor:
    """Return maps (..., h, w) with a longer side of at most `side`, as means of their parts."""
    size = image_size(maps)
    if max(size) > side:
        flat = maps.reshape(1, -1, *size)
        maps = F.adaptive_avg_pool2d(flat, fit(size, side)).view(*maps.shape[:-2], *fit(size, side))
    return maps.float()


SHOWS: dict[str, Show] = {
    "features": show_features,
    "matrix": show_matrix,
    "where": show_where,
}
DETAILS: dict[str, Show] = {
    "pair": show_pair,
    "why": show_why,
}  # of what was shown last; they cost next to nothing
