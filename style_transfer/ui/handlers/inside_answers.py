"""What each tab of "Inside" is answered: numbers and words as a header, maps as arrays."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.checks import whole_number
from style_transfer.images import fit
from style_transfer.inspection import (
    ComparedLayer,
    channel_order,
    strongest_channels,
    style_matrix,
)
from style_transfer.network import PIXELS

STRONGEST = 12  # channels that are shown as small maps
SMALL_SIDE, MAP_SIDE = 48, 160  # px at most, of small maps and of others
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
    key = f"{compared.layer}-{compared.statistic_name}-{compared.painting_number}"
    header: dict[str, Any] = {
        "count": count,
        "key": key,
        "matrix": MATRICES[compared.statistic_name],
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


def reduced(maps: Tensor, side: int = MAP_SIDE) -> Tensor:
    """Return maps (..., h, w) with a longer side of at most `side`, as means of their parts."""
    size = maps.shape[-2], maps.shape[-1]
    if max(size) > side:
        flat = maps.reshape(1, -1, *size)
        maps = F.adaptive_avg_pool2d(flat, fit(size, side)).view(*maps.shape[:-2], *fit(size, side))
    return maps.float()


SHOWS: dict[str, Show] = {"features": show_features, "matrix": show_matrix}
DETAILS: dict[str, Show] = {"pair": show_pair}  # of what was shown last; they cost next to nothing
