"""The finished example that the page shows before the first run."""

from style_transfer import assets
from style_transfer.ui.http.gradio_internals import file_url

FOLDER = assets.path("examples")
TIMELAPSE = FOLDER / "lake-impasto_field.webp"
STILL = FOLDER / "lake-impasto_field.jpg"
PHOTO = FOLDER / "lake.jpg"

_WORDS = "A finished example: a lake, painted like a field in thick strokes"
CANVAS = {
    "src": file_url(TIMELAPSE),
    "still": file_url(STILL),
    "alt": f"{_WORDS}, from first step to last",
}
PAIR = [
    {"name": "Photo", "src": file_url(PHOTO)},
    {"name": "Example", "src": file_url(STILL)},
]
