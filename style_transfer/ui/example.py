"""The finished example that the page shows before the first run."""

from style_transfer import assets
from style_transfer.ui.http.gradio_internals import file_url

FOLDER = assets.path("examples")
TIMELAPSE = FOLDER / "raccoon-breaking_waves.webp"
STILL = FOLDER / "raccoon-breaking_waves.jpg"
PHOTO = FOLDER / "raccoon.jpg"

_WORDS = "A finished example: a raccoon, painted like a print of breaking waves"
CANVAS = {
    "src": file_url(TIMELAPSE),
    "still": file_url(STILL),
    "alt": f"{_WORDS}, from first step to last",
}
PAIR = [
    {"name": "Photo", "src": file_url(PHOTO)},
    {"name": "Example", "src": file_url(STILL)},
]
