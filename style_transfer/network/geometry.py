"""Where the positions of a layer lie in the image, and how much of it they see."""

from collections.abc import Sequence
from typing import NamedTuple

from style_transfer.network.networks import PIXELS


class LayerGeometry(NamedTuple):
    """The place of a layer's positions: position p begins at pixel p * stride."""

    stride: int  # px from one position to the next
    reach: int  # px that a position sees at most beyond its own `stride` on either side
    lost: int = 0  # positions that a row or column lacks at its end

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size (height, width) of the layer, for an image of `size`."""
        height, width = (side // self.stride - self.lost for side in size)
        return height, width


def layer_geometry(layers: Sequence[str], layer: str) -> LayerGeometry:
    """Return the geometry of `layer` in a network of 3 x 3 convolutions with these `layers`.

    Blocks are pooled by 2 in between. The reach of convolutions grows with the stride.
    """
    if layer == PIXELS:
        return LayerGeometry(stride=1, reach=2, lost=2)
    stride, reach = 1, 0
    for name in layers:
        if name.endswith("_1") and name != layers[0]:
            stride *= 2
        reach += stride
        if name == layer:
            break
    return LayerGeometry(stride, reach)
