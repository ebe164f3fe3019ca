"""Four measures of a picture against its painting and its photo, each 0 at best.

* S, style: relative squared errors of means and covariances of the activations of five layers, at
  full, half and quarter size. Means apart, so that brightness does not rule as in a Gram matrix.
* C, content: relative squared error of relu4_2 against the photo's, at the same three sizes.
* N, novelty: how far each position is from the nearest of the painting, in cosine distance of
  activations less the painting's mean. Textures that the painting has nowhere (grain, pebbles,
  halos) have no near neighbour, however well statistics agree.
* H, high frequencies: |log| of the ratio of high-pass energy to the painting's, in three octaves
  and three opponent colours. Grain and colour noise show here.

Who optimises one of them directly has to look at the pictures all the more.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks.quality.features import (
    CONTENT_LAYER,
    NOVELTY_LAYERS,
    STYLE_LAYERS,
    View,
    activations,
    reduced,
    resized,
)
from style_transfer.images import to_tensor
from style_transfer.network import VGG, load_network

REDUCTIONS = (1, 2, 4)  # of the sides, for S and C
NOVELTY_REDUCTIONS = REDUCTIONS[:2]
OCTAVES = 3
POSITIONS, NEIGHBOURS = 4096, 16384  # at most; sampled of the picture and of the painting
OPPONENT = ((1 / 3, 1 / 3, 1 / 3), (0.5, 0.0, -0.5), (-0.25, 0.5, -0.25))  # of RGB
_FLOOR = 1e-6  # of an energy: differences of 1/1000, which nobody sees


@dataclass(frozen=True)
class Measures:
    """S, C, N and H of a picture, or means of several."""

    S: float
    C: float
    N: float
    H: float

    @classmethod
    def mean(cls, found: Collection["Measures"]) -> "Measures":
        """Return the mean of each measure."""
        return cls(*(sum(getattr(m, f.name) for m in found) / len(found) for f in fields(cls)))


@dataclass(frozen=True)
class _Goals:
    """What pictures of one size are measured against."""

    painting: dict[int, View]  # by reduction
    photo: dict[int, Tensor]  # activations of CONTENT_LAYER by reduction
    energies: Tensor


class Judge:
    """Measures pictures of one photo and one painting."""

    def __init__(
        self, photo: Image.Image, painting: Image.Image, network: VGG | None = None
    ) -> None:
        self._photo, self._painting = photo, painting
        self._network = network or load_network()
        self._goals: dict[tuple[int, int], _Goals] = {}  # by the size of pictures

    @torch.no_grad()
    def measure(self, picture: Image.Image) -> Measures:
        """Return all measures; the photo is resized to the picture, the painting to its area."""
        goals = self._goals_at(picture.size)
        style, content, novelty = list[float](), list[float](), list[float]()
        for reduction, goal in goals.painting.items():
            view = View.of(self._network, reduced(picture, reduction), POSITIONS)
            for layer in STYLE_LAYERS:
                ours, wanted = view.moments[layer], goal.moments[layer]
                style.append(_error(ours.mean, wanted.mean))
                style[-1] += _error(ours.covariance, wanted.covariance)
            content.append(_error(view.content, goals.photo[reduction]))
            if reduction in NOVELTY_REDUCTIONS:
                novelty += [_novelty(view, goal, layer) for layer in NOVELTY_LAYERS]
        ratios = high_pass_energies(picture).log() - goals.energies.log()
        return Measures(_mean(style), _mean(content), _mean(novelty), ratios.abs().mean().item())

    @torch.no_grad()
    def content_error(self, picture: Image.Image) -> float:
        """Return C alone, which costs less."""
        goals = self._goals_at(picture.size).photo
        return _mean(
            [_error(self._content(reduced(picture, each)), goal) for each, goal in goals.items()]
        )

    def _goals_at(self, size: tuple[int, int]) -> _Goals:
        if size not in self._goals:
            photo, painting = resized(self._photo, size), _with_area(self._painting, size)
            views = {
                each: View.of(self._network, reduced(painting, each), NEIGHBOURS)
                for each in REDUCTIONS
            }
            content = {each: self._content(reduced(photo, each)) for each in REDUCTIONS}
            self._goals[size] = _Goals(views, content, high_pass_energies(painting))
        return self._goals[size]

    def _content(self, image: Image.Image) -> Tensor:
        return dict(activations(self._network, image, [CONTENT_LAYER]))[CONTENT_LAYER]


def high_pass_energies(image: Image.Image) -> Tensor:
    """Return the mean squares (OCTAVES, 3) of an image less its 3 x 3 means, by opponent colour."""
    x = torch.einsum("oc,bchw->bohw", torch.tensor(OPPONENT), to_tensor(image))
    energies = []
    for _ in range(OCTAVES):
        low = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "reflect"), 3, 1)
        energies.append((x - low).square().mean((0, 2, 3)) + _FLOOR)
        x = F.avg_pool2d(x, 2)
    return torch.stack(energies)


def _novelty(view: View, painting: View, layer: str) -> float:
    """Return the mean cosine distance of samples of a layer to the nearest of the painting's."""
    mean = painting.moments[layer].mean
    here, there = (F.normalize(each.samples[layer] - mean, dim=0) for each in (view, painting))
    return 1 - (here.T @ there).amax(1).mean().item()


def _error(found: Tensor, wanted: Tensor) -> float:
    return ((found - wanted).square().sum() / wanted.square().sum()).item()


def _with_area(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    ratio = (size[0] * size[1] / (image.width * image.height)) ** 0.5
    return resized(image, (round(image.width * ratio), round(image.height * ratio)))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
