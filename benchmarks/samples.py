"""Sample pictures for the benchmarks, and sheets of results side by side."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from torch import Tensor

from style_transfer.engine import EvaluatorFactory, MultiscaleObjective, stylize
from style_transfer.images import open_image, resize, to_pil, to_tensor
from style_transfer.settings import Settings

ASSETS = Path(__file__).parents[1] / "assets"
DOCS = Path(__file__).parents[1] / "docs"
JPEG_QUALITY = 82
_CAPTION = 16  # px, height of the line under a picture
_GAP = 4  # px


def photo(name: str, side: int) -> Tensor:
    """Return a content image (1, 3, H, W), resized or enlarged to a longer side of `side` px."""
    (file,) = (*ASSETS.glob(f"content/{name}.*"), *ASSETS.glob(f"style/{name}.*"))
    picture = to_tensor(open_image(file))
    height, width = picture.shape[-2:]
    ratio = side / max(height, width)
    return resize(picture, (round(ratio * height), round(ratio * width))).clamp(0, 1)


def style(name: str) -> Tensor:
    """Return a style image (1, 3, h, w) at its own size."""
    return to_tensor(open_image(ASSETS / "style" / f"{name}.jpg"))


def stylized(
    content: Tensor,
    style_image: Tensor,
    settings: Settings,
    evaluator: EvaluatorFactory = MultiscaleObjective,
) -> Tensor:
    """Return the picture that a run ends with."""
    *_, last = stylize(content, style_image, lambda: settings, evaluator=evaluator)
    return last.picture


def save_sheet(file: Path, rows: Sequence[Sequence[tuple[str, Tensor]]], width: int) -> None:
    """Write pictures side by side, each `width` px wide with its caption below, as a JPEG."""
    cells = [
        [(caption, _scaled(to_pil(picture), width)) for caption, picture in row] for row in rows
    ]
    heights = [max(picture.height for _, picture in row) + _CAPTION for row in cells]
    columns = max(len(row) for row in cells)
    size = columns * (width + _GAP) - _GAP, sum(heights) + _GAP * (len(rows) - 1)
    sheet = Image.new("RGB", size, "white")
    draw, top = ImageDraw.Draw(sheet), 0
    for row, height in zip(cells, heights, strict=True):
        for column, (caption, picture) in enumerate(row):
            left = column * (width + _GAP)
            sheet.paste(picture, (left, top))
            draw.text((left + 2, top + picture.height + 2), caption, fill="black")
        top += height + _GAP
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file, quality=JPEG_QUALITY, optimize=True)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    height = round(width * picture.height / picture.width)
    return picture.resize((width, height), Image.Resampling.LANCZOS)
