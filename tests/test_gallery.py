"""The gallery of README."""

from benchmarks.gallery import PICTURES, table
from benchmarks.samples import DOCS


def test_readme_shows_every_picture_of_the_gallery_with_its_settings():
    assert table() in (DOCS.parent / "README.md").read_text()
    for number in range(1, len(PICTURES) + 1):
        assert (DOCS / "gallery" / f"{number}.jpg").stat().st_size < 100_000
