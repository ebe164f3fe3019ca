"""What docs/quality.md says of the pictures, on fewer of them."""

from collections import defaultdict

import pytest

from benchmarks.preview import results
from benchmarks.samples import painted, photo, style
from benchmarks.sheets import measured, summary
from style_transfer.settings import Settings

PAIRS = (("chelsea", "starry_night"), ("coffee", "pointillism"), ("rocket", "ink_drawing"))


@pytest.mark.slow
def test_the_border_has_as_much_detail_as_the_interior():
    measures = defaultdict(list)
    for content, painting in PAIRS:
        small, target = photo(content, 192), style(painting)
        picture = painted(small, target, Settings(steps=40))
        for name, value in measured(picture, small, target).items():
            measures[name].append(value)
    found = summary(measures)
    print(found)
    assert 0.8 < found["border"] < 1.2


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS[:2], ids=" ".join)
def test_a_preview_tells_the_errors_of_a_larger_picture(pair):
    preview, large = results(*pair, Settings(steps=40), sizes=(256, 512))
    print(large.differs_from(preview))
    assert all(abs(d) < 0.15 for d in large.differs_from(preview).values())
