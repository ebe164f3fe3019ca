"""The finished example that the page shows before the first run."""

from style_transfer import assets

FOLDER = assets.path("examples")
TIMELAPSE = FOLDER / "chelsea-starry_night.webp"
STILL = FOLDER / "chelsea-starry_night.jpg"
PHOTO = FOLDER / "chelsea.jpg"

_WORDS = "A finished example: Chelsea the cat, painted like The Starry Night"
CANVAS = {
    "src": f"gradio_api/file={TIMELAPSE}",
    "still": f"gradio_api/file={STILL}",
    "alt": f"{_WORDS}, from first step to last",
}
PAIR = [
    {"name": "Photo", "src": f"gradio_api/file={PHOTO}"},
    {"name": "Example", "src": f"gradio_api/file={STILL}"},
]
