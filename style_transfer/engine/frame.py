"""Frame: what a run shows after each step."""

from dataclasses import dataclass, replace

from torch import Tensor

from style_transfer.engine.masks import composite
from style_transfer.engine.pyramid import image_size, move_to_size
from style_transfer.engine.state import State
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.images import keep_colors
from style_transfer.settings import Settings


@dataclass(frozen=True, eq=False)  # tensors have no equality of their own
class Frame:
    """The image after a step, the settings of the step, and the losses of the image before it."""

    step: int  # steps made
    image: Tensor  # (1, 3, h, w) RGB in [0, 1], at the size of the stage, without the strength mask
    losses: dict[str, float]  # see Evaluation; empty at step 0
    settings: Settings
    state: State  # to continue from here
    content: Tensor  # (1, 3, H, W) RGB in [0, 1], at the final size
    from_content: bool  # whether the run began with the content image, not noise or a style image
    strength: Tensor | None = None  # mask (1, 1, H, W) of the image over the content; None: 1
    base: StrokedContent | None = None  # of `content`, with what its run has made of it already
    note: str = ""  # one sentence for the user about what went wrong in this step
    whole: bool = True  # whether `state` has all to continue from, the optimiser's memory too
    skipped: tuple[tuple[int, dict[str, float]], ...] = ()  # steps since the last frame: losses

    @property
    def picture(self) -> Tensor:
        """The result at the final size, (1, 3, H, W), with `settings.keep_colors` applied."""
        return keep_colors(self.stylized, self.content, self.settings.keep_colors)

    @property
    def stylized(self) -> Tensor:
        """The result at the final size, (1, 3, H, W), in the colours of the style."""
        base = self.base or StrokedContent(self.content)
        at = base.sized(self.state.strokes) if self.from_content else None
        image = move_to_size(self.image, image_size(self.content), at)
        return composite(image, self.content, self.strength)

    def with_colors(self, kept: float) -> "Frame":
        """Return the frame with another `keep_colors`, which needs no further step."""
        if kept == self.settings.keep_colors:
            return self
        return replace(self, settings=replace(self.settings, keep_colors=kept))
