"""The objective at one scale: targets of photo and painting, losses and gradient of an image."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from style_transfer.engine.masks import (
    Guidance,
    composite,
    position_weights,
    spatial_guidance,
    style_weight_map,
)
from style_transfer.engine.styles import Styles
from style_transfer.engine.targets import ByLayer, Targets
from style_transfer.losses.statistics import STATISTICS
from style_transfer.losses.terms import content_loss, style_loss, total_variation
from style_transfer.network.vgg import VGG
from style_transfer.settings import Settings

_LEAST_SHARE = 1e-3  # some contrast is left in a low-contrast painting, none in a plain colour
Asked = tuple[int, Guidance, ByLayer]  # a painting that counts: its number, where, and its targets


@dataclass(frozen=True)
class Evaluation:
    """Losses of an image, unweighted but for "total", and the gradient of the total.

    `losses` has "content", "style", "tv", "total", the style loss of each layer by its name, and
    where several paintings count, that of each as "style 1", "style 2" ...
    """

    losses: dict[str, float]
    gradient: Tensor  # (1, 3, H, W)
    stale_layers: int = 0  # layers that are still measured as before a move, see `Targets.style`

    @property
    def finite(self) -> bool:
        """Whether a step can be made from here."""
        return bool(self.gradient.isfinite().all()) and self.losses["total"] < float("inf")


class Objective:
    """What an image of one size is measured against. Assign to `styles` to replace them.

    Where the styles have a strength, the image is seen through it, laid over the photo, and the
    gradient comes back through it: the image meets the untouched photo at the edge by itself.
    """

    def __init__(self, network: VGG, content: Tensor, style: Tensor | Styles) -> None:
        """Take the photo (1, 3, H, W) at the size of the image, the paintings as they are."""
        self._network, self._targets = network, Targets(network, content)
        self.styles = Styles.of(style)

    @property
    def styles(self) -> Styles:
        """The paintings, and where they go."""
        return self._styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        photo = self._targets.photo
        size = photo.shape[-2], photo.shape[-1]
        self._styles = styles.to(photo.device)
        self._strength, self._style_masks = (
            self._styles.strength_at(size),
            self._styles.style_masks_at(size),
        )

    def evaluate(self, image: Tensor, settings: Settings) -> Evaluation:
        """Return losses and gradient of `image`, which has the photo's shape.

        Raises ValueError where none of several styles has a weight.
        """
        paintings = self.styles.images
        weight = style_weight_map(self._strength)
        where = spatial_guidance(settings.shares(len(paintings)), weight, self._style_masks)
        self._targets.keep(paintings, settings)
        content = self._targets.content(settings.content_layer)
        asked = [
            (number, guide, self._targets.style(painting, settings))
            for number, (guide, painting) in enumerate(zip(where, paintings, strict=True), 1)
            if guide.share
        ]
        settings = _without_what_is_still_to_come(settings, asked)
        image = image.detach().requires_grad_()
        with torch.enable_grad():
            picture = composite(image, self._targets.photo, self._strength)
            layers = {settings.content_layer, *settings.style_layers}
            errors = dict[str, Tensor]()  # of each painting (paintings,), by layer
            for layer, activation in self._network.activations(picture, layers):
                if layer == settings.content_layer:
                    terms = {"content": content_loss(activation, content)}
                if layer in settings.style_layers:
                    errors[layer] = _errors(activation, layer, settings, asked)
            terms |= _style_terms(errors, settings, asked)
            terms["tv"] = total_variation(picture)
            # The less of the picture is painted, the less the style weighs: what is painted looks
            # alike whether it is a part or the whole.
            style = settings.beta * sum(guide.share for guide in where)
            weights = {"content": settings.alpha, "style": style, "tv": settings.tv}
            # A term of weight 0 stays out of the graph: it costs no backward pass.
            weighted = [weight * terms[name] for name, weight in weights.items() if weight]
            total = sum(weighted, start=image.new_zeros(()))
            gradient = torch.zeros_like(image)
            if weighted:
                (gradient,) = torch.autograd.grad(total, image)
        losses = {name: term.item() for name, term in terms.items()}
        return Evaluation(losses | {"total": total.item()}, gradient, self._targets.stale_layers)


def _without_what_is_still_to_come(settings: Settings, asked: list[Asked]) -> Settings:
    """Return the settings with those style layers alone for which all paintings have targets."""
    layers = {
        layer: weight
        for layer, weight in settings.style_layers.items()
        if all(layer in target for _, _, target in asked)
    }
    return replace(settings, style_layers=layers) if layers != settings.style_layers else settings


def _style_terms(
    by_layer: dict[str, Tensor], settings: Settings, asked: list[Asked]
) -> dict[str, Tensor]:
    """Return the error of each layer, of all, and of each painting where there are several."""
    layers, covered = settings.style_layers, sum(guide.share for _, guide, _ in asked)
    errors = torch.stack([by_layer[name] for name in layers]).T  # (paintings, layers)
    weights = errors.new_tensor([weight / sum(layers.values()) for weight in layers.values()])
    shares = errors.new_tensor([guide.share / covered for _, guide, _ in asked])
    terms = dict(zip(layers, shares @ errors, strict=True))
    if len(asked) > 1:
        names = (f"style {number}" for number, _, _ in asked)
        terms |= dict(zip(names, errors @ weights, strict=True))
    return terms | {"style": shares @ errors @ weights}


def _errors(activation: Tensor, layer: str, settings: Settings, asked: list[Asked]) -> Tensor:
    """Return the error of one layer for each painting, (paintings,)."""
    size = activation.shape[-2], activation.shape[-1]
    # squeeze, not [0]: its gradient keeps the memory layout that the convolutions work in.
    flat = activation.squeeze(0)
    statistics, errors = dict[tuple[int, str], Tensor](), list[Tensor]()
    for _, guide, target in asked:
        name = settings.statistic if settings.statistic in target[layer] else "gram"
        place = id(guide.mask), name  # paintings that count in the same places share the statistic
        if place not in statistics:
            weights = None if guide.mask is None else position_weights(guide.mask, size)
            statistics[place] = STATISTICS[name](flat, weights)
        least = _least_scale(name, target[layer]["gram"])
        errors.append(style_loss(statistics[place], target[layer][name], least))
    return torch.stack(errors) if errors else activation.new_zeros(0)


def _least_scale(statistic: str, gram: Tensor) -> Tensor:
    """Return the mean square below which a painting's statistic is next to none.

    Beside its Gram matrix, or the correlations of channels that each go with themselves alone.
    """
    usual = gram.new_tensor(1 / len(gram)) if statistic == "correlation" else gram.square().mean()
    return _LEAST_SHARE * usual
