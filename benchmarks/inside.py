"""The pictures of docs/inside.md: what each layer keeps of a photo and of a painting.

python -m benchmarks.inside            writes docs/inside/, prints the errors
"""

import torch
from torch import Tensor

from benchmarks.samples import DOCS, photo, save_sheet, style
from style_transfer.engine import Styles, style_picture, stylize
from style_transfer.inspection import reconstruction_settings
from style_transfer.presets import PRESETS
from style_transfer.settings import Settings

LAYERS = [f"relu{block}_1" for block in range(1, 6)]
SIDE = 128  # px
LECTURE = Settings(**PRESETS["Lecture"])


def made_again(source: str, layer: str, content: Tensor, painting: Tensor) -> tuple[Tensor, float]:
    """Return a picture made from one layer of a source, and the loss of its last step."""
    settings = reconstruction_settings(source, layer, LECTURE)
    styles = Styles((painting,))
    *_, last = stylize(content, styles, lambda: settings, init="noise")
    return last.stylized, last.losses["content" if source == "photo" else "style"]


def main() -> None:
    """Write a sheet with a row for the photo and one for the painting."""
    content = photo("lake", SIDE)
    painting = style_picture(style("mont_sainte_victoire"), content, LECTURE)
    rows = []
    for source, original in (("photo", content), ("painting", painting)):
        row = [(source, original)]
        for layer in LAYERS:
            picture, loss = made_again(source, layer, content, painting)
            words = f"{source} from {layer}: loss {loss:.2g}"
            if source == "photo":
                error = 255 * torch.sqrt((picture - original).square().mean()).item()
                words += f", {error:.0f} of 255 from it (root mean square)"
            print(words, flush=True)
            row.append((layer, picture))
        rows.append(row)
    save_sheet(DOCS / "inside" / "layers.jpg", rows, width=SIDE)


if __name__ == "__main__":
    main()
