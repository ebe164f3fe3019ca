"""A stroke on a picture at rest heals into the style in fifteen steps; what is far stays."""

from dataclasses import replace

import pytest
import torch

from style_transfer import assets
from style_transfer.engine.brushes import stroke_mask, surroundings
from style_transfer.engine.optimize import stylize
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.style_image import style_picture
from style_transfer.images import open_image, to_tensor
from style_transfer.losses import Places, nearest_places
from style_transfer.settings import Settings

pytestmark = pytest.mark.slow

SIDE, REST, AFTER = 384, 40, 15  # px; steps
LAYER = "relu2_1"
FAR = 160.0  # px from a stroke: what the layers of the objective see, most of them
LINE = ((0.06, 0.35, 1.0), (0.16, 0.5, 1.0), (0.1, 0.65, 1.0))
STROKES = {
    "smear": Stroke("smear", LINE, 0.06, at_rest=True),
    "wipe": Stroke("wipe", LINE, 0.06, at_rest=True),
    "color": Stroke("color", LINE, 0.06, color=(0.76, 0.25, 0.05), at_rest=True),
    "clone": Stroke("clone", LINE, 0.06, offset=(0.3, 0.1), at_rest=True),
    "like": Stroke("like", LINE, 0.06, place=(0.3, 0.3, 0.15), at_rest=True),
}


class Rested:
    """A picture at rest, and what goes on from it."""

    def __init__(self, network):
        self.network = network
        self.photo = to_tensor(open_image(assets.path("content", "lake.jpg")), max_side=SIDE)
        self.painting = to_tensor(
            open_image(assets.path("style", "mont_sainte_victoire.jpg")), max_side=SIDE
        )
        self.settings = Settings(steps=REST)
        *_, last = self.frames(self.settings)
        self.state = last.state
        self.controls = [
            self.touched(replace(STROKES["wipe"], strength=0.0), rounding)[1]
            for rounding in (0.0, 1e-7)
        ]
        painted = style_picture(self.painting, self.photo, self.settings)
        self.places = Places.of(network(painted, [LAYER])[LAYER].squeeze(0))

    def frames(self, settings, **options):
        return stylize(self.photo, self.painting, lambda: settings, network=self.network, **options)

    def touched(self, stroke, rounding=0.0):
        """The picture after a stroke, and after further steps."""
        left = [[stroke]]
        state = replace(self.state, image=(self.state.image + rounding).clamp(0, 1))
        frames = self.frames(
            replace(self.settings, steps=REST + AFTER),
            state=state,
            take_strokes=lambda _: left.pop() if left else (),
        )
        first, *_, last = frames
        return first.image, last.image

    def distances(self, image):
        """How far each position is from its nearest place of the painting, (1, 1, H, W)."""
        features = self.network(image, [LAYER])[LAYER]
        rows = features.squeeze(0).flatten(1).T - self.places.mean
        found = self.places.features[nearest_places(rows + self.places.mean, self.places).long()]
        cosines = torch.nn.functional.cosine_similarity(rows, found)
        return torch.nn.functional.interpolate(
            (1 - cosines).view(1, 1, *features.shape[-2:]), size=image.shape[-2:], mode="nearest"
        )


@pytest.fixture(scope="module")
def rested():
    from style_transfer.network import load_network

    return Rested(load_network())


def ring_around(stroke, size, area):
    """A ring around a stroke of about the same area, 1 where it is."""
    for width in range(1, 99):
        ring = (surroundings(stroke, size, float(width)) > 0).float() - (area > 0).float()
        if ring.sum() >= (area > 0).sum():
            return ring
    raise AssertionError("no room for a ring")


@pytest.mark.parametrize("kind", STROKES)
def test_a_stroke_changes_its_place_at_once_and_heals_into_the_style(rested, kind):
    stroke = STROKES[kind]
    at_once, healed = rested.touched(stroke)
    size = healed.shape[-2:]
    area = stroke_mask(stroke, size)
    far = surroundings(stroke, size, FAR) == 0
    assert far.float().mean() > 0.2
    changed = (at_once - rested.state.image).abs()
    assert (changed * far).max() == 0
    assert (changed * area).max() > 0.05 or kind == "like"
    own, around = (
        ((rested.distances(healed) * part).sum() / part.sum()).item()
        for part in ((area > 0).float(), ring_around(stroke, size, area))
    )
    differs, apart = (
        ((each - rested.controls[0]).abs() * far).max().item()
        for each in (healed, rested.controls[1])
    )
    print(f"\n{kind}: {own:.3f} here, {around:.3f} around; far {255 * differs:.2f} of 255 at most,")
    print(f"two controls {255 * apart:.2f}")
    assert own <= 1.2 * around
    assert differs <= apart + 1 / 255
