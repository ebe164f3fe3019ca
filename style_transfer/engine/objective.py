"""The objective at one size: losses of an image against content and styles, and their gradient."""

from collections.abc import Collection
from dataclasses import replace

from torch import Tensor

from style_transfer.engine.evaluator import (
    NO_MATCHES,
    Evaluation,
    FeatureExtractor,
    Matches,
)
from style_transfer.engine.guidance import spatial_guidance, with_regions
from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.masks import style_weight_map
from style_transfer.engine.mixtures import Mixtures
from style_transfer.engine.motifs import MotifSearch
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.step_graphs import graphs
from style_transfer.engine.style_terms import (
    AppliedStyle,
    measured_layers,
)
from style_transfer.engine.styles import Styles
from style_transfer.engine.target_cache import StyleSource
from style_transfer.engine.targets import Targets
from style_transfer.engine.views import View, evaluated
from style_transfer.settings import Settings


def term_weights(settings: Settings, styles: Collection[AppliedStyle]) -> dict[str, float]:
    """Return the weight of each term of the objective.

    The style weighs in proportion to the area it covers, so that an image that is stylised in part
    looks there as it would in whole.
    """
    covered = sum(style.guidance.share for style in styles)
    return {
        "content": settings.alpha,
        "style": settings.beta * covered,
        "motifs": settings.beta * settings.motifs * covered,
        "tv": settings.tv,
    }


class Objective:
    """Evaluates images of the size of the content image. Assign to `styles` to replace them.

    Where the styles have a strength mask, the losses are those of the composite of image and
    content, so that the optimiser makes the edge of the mask meet the untouched content.
    """

    def __init__(
        self,
        network: FeatureExtractor,
        content: Tensor,
        style: Tensor | Styles,
        at_once: bool = False,
    ) -> None:
        """Take the content image (1, 3, H, W) at the size of the images to come.

        `at_once` is that of its `Targets`.
        """
        self._network, self._content = network, content
        # Numbers of the styles for which each position that counts has been matched.
        self._searched: list[int] | None = None
        self._targets, self._mixtures = Targets(network, content, at_once), Mixtures()
        self.styles = Styles.of(style)
        self.local_styles = ()

    @property
    def content(self) -> Tensor:
        """The content image (1, 3, H, W); one assigned to it has the same size."""
        return self._content

    @content.setter
    def content(self, content: Tensor) -> None:
        self._content = self._targets.content_image = content
        self._searched = None

    @property
    def content_target(self) -> Tensor:
        """The image (1, 3, H, W) whose content the images are to have."""
        return self._targets.content_target

    @content_target.setter
    def content_target(self, content: Tensor) -> None:
        self._targets.content_target = content

    @property
    def styles(self) -> Styles:
        """The style images and their masks."""
        return self._styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        size = image_size(self._content)
        self._styles = styles.to(self._content.device)
        self._strength = self._styles.strength_at(size)
        self._weight_map = style_weight_map(self._strength)
        self._style_masks = self._styles.style_masks_at(size)
        self._searched = None

    @property
    def local_styles(self) -> tuple[LocalStyle, ...]:
        """What is painted like places of the style images; of one that is not there nothing is."""
        return self._local_styles

    @local_styles.setter
    def local_styles(self, local_styles: tuple[LocalStyle, ...]) -> None:
        size = image_size(self._content)
        self._local_styles = local_styles
        self._regions = [each.region(size).to(self._content) for each in local_styles]
        self._searched = None

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        evaluation, (renewed,) = evaluated(self._network, image, [self.view(settings, matches)])
        return replace(evaluation, matches=renewed)

    def view(self, settings: Settings, matches: Matches = NO_MATCHES, share: float = 1.0) -> View:
        """Return what an image is compared with in one evaluation, of which it has a share."""
        styles = self._applied_styles(settings)
        recorded = graphs.records_on(self._content.device)
        numbers = [style.number for style in styles]
        search = MotifSearch.of(styles, matches, recorded and numbers == self._searched)
        self._searched = numbers
        weights = term_weights(settings, styles)
        return View(
            size=image_size(self._content),
            share=share,
            pooling=settings.pooling,
            content_layer=settings.content_layer,
            content=self._targets.content(settings),
            behind=None if self._strength is None else (self._content, self._strength),
            layer_weights=measured_layers(settings.style_layers, styles),
            styles=styles,
            # A term of weight 0 costs no backward pass; but a recording is to serve any weight.
            weights={name: w for name, w in weights.items() if w or recorded},
            search=search,
            matches=matches,
            stale_layers=self._targets.stale_layers,
        )

    def _applied_styles(self, settings: Settings) -> list[AppliedStyle]:
        """Return the styles with a share of the image, and what they are compared with."""
        images = self._styles.images
        shares = settings.shares(len(images))
        guidance = spatial_guidance(shares, self._weight_map, self._style_masks)
        local = [
            (each, region)
            for each, region in zip(self._local_styles, self._regions, strict=True)
            if each.style <= len(images)
        ]
        everywhere, here = with_regions(guidance, [r for _, r in local], self._weight_map)
        sources = [StyleSource(image) for image in images]
        sources += [StyleSource(images[each.style - 1], each.place) for each, _ in local]
        self._targets.begin_step(sources, settings)
        applied = [
            AppliedStyle(
                number,
                each,
                self._targets.style(source, settings),
                self._targets.places(source, settings),
                is_local=source.place is not None,
            )
            for number, (each, source) in enumerate(
                zip([*everywhere, *here], sources, strict=True), 1
            )
            if each.share
        ]
        return self._mixtures.applied_to(applied) if settings.even_mixture else applied
