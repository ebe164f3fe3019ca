"""What docs/quality.md says of the pictures, on fewer of them."""

from dataclasses import replace
from itertools import islice

import pytest
import torch
import torch.nn.functional as F

from benchmarks.preview import results
from benchmarks.samples import photo, style, stylized
from style_transfer.engine.optimize import stylize
from style_transfer.engine.styles import Styles
from style_transfer.settings import Settings
from tests.engine.test_optimize_masks import bands, edge

PAIRS = (("raccoon", "breaking_waves"), ("fig", "pointillism"), ("colosseum", "ink_drawing"))
BORDER = 8  # px
SEAM = 1.15  # of what is there without a mask; an edge that is not soft is steeper


def high_pass(image):
    """The distance of each value from the mean of its 3 x 3 neighbourhood."""
    return (image - F.avg_pool2d(F.pad(image, (1, 1, 1, 1), "reflect"), 3, 1)).abs()


@pytest.mark.slow
def test_the_border_has_as_much_detail_as_the_interior():
    borders, interiors = [], []
    for content, painting in PAIRS:
        picture = stylized(photo(content, 192), style(painting), Settings(steps=40))
        energy = high_pass(picture)
        interior = energy[..., BORDER:-BORDER, BORDER:-BORDER]
        borders.append((energy.sum() - interior.sum()) / (energy.numel() - interior.numel()))
        interiors.append(interior.mean())
    ratio = (sum(borders) / sum(interiors)).item()
    print(f"high-pass energy of the border over that of the interior: {ratio:.2f}")
    assert 0.8 < ratio < 1.2


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS[:2], ids=" ".join)
def test_a_preview_tells_the_errors_of_larger_pictures(pair):
    preview, *others = results(*pair, Settings(steps=40), sizes=(256, 384, 512))
    for large in others:
        print(large.size, large.differs_from(preview))
        assert all(abs(d) < 0.15 for d in large.differs_from(preview).values())


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_a_seam_is_hardly_steeper_than_what_there_is_without_a_mask(pair):
    content, target = photo(pair[0], 192), style(pair[1])
    mask = torch.zeros((1, 1, *content.shape[-2:]))
    mask[..., 96:] = 1
    half, whole = (
        stylized(content, Styles((target,), each), Settings(steps=20)) for each in (mask, None)
    )
    own = bands(half)[96 + edge(half) :].quantile(0.95).item()
    seam, before, painted = (bands(each)[95].item() for each in (half, content, whole))
    print(
        f"seam {seam:.3f}, photo {before:.3f}, without mask {painted:.3f}, painted half {own:.3f}"
    )
    assert seam <= SEAM * max(own, before, painted)


@pytest.mark.slow
@pytest.mark.parametrize(
    "trio",
    [("raccoon", "breaking_waves", "mosaic"), ("fig", "pointillism", "ink_drawing")],
)
def test_a_move_to_another_painter_ends_where_that_one_alone_would(trio):
    moved_at, further = 10, 24  # steps
    content, styles = photo(trio[0], 128), (style(trio[1]), style(trio[2]))
    one = Settings(steps=1000, style_weights=(1, 0))
    other = replace(one, style_weights=(0, 1))
    *_, alone = islice(stylize(content, styles[1], lambda: other), further + 1)
    losses = []
    for frame in stylize(content, styles, lambda: one if len(losses) <= moved_at else other):
        losses.append(frame.losses)
        if frame.step == moved_at + further:
            break
    ratios = {name: losses[-1][name] / alone.losses[name] for name in ("total", "style", "content")}
    print(trio, ratios)
    assert losses[moved_at + 1]["style"] > 2 * alone.losses["style"]  # there was a way to go
    assert all(ratio < 1.1 for ratio in ratios.values())
