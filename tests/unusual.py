"""Twelve files that people do hand to a program that asks for a picture."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

LEVELS = np.linspace(0, 1, 64 * 48 * 3).reshape(48, 64, 3)
PICTURE = Image.fromarray((LEVELS * 255).astype(np.uint8))
PALETTE = PICTURE.quantize(16)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def write_all(folder: Path) -> dict[str, str]:
    """Write the files into `folder` and return what is said of each by name, "" if it is taken."""
    turned = Image.Exif()
    turned[0x0112] = 6
    PICTURE.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray((LEVELS[..., 0] * 65535).astype(np.uint16)).save(folder / "deep.png")
    PALETTE.save(folder / "palette.png", transparency=3)
    PICTURE.save(folder / "turned.jpg", exif=turned)
    PICTURE.save(folder / "moving.gif", save_all=True, append_images=[PICTURE.rotate(180)])
    PICTURE.convert("L").save(folder / "grey.png")
    PICTURE.save(folder / "tagged.jpg", icc_profile=SRGB)
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    Image.new("RGB", (4000, 20)).save(folder / "ribbon.png")
    (folder / "empty.jpg").touch()
    (folder / "letter.jpg").write_text("Dear reader,")
    whole = (folder / "tagged.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    refused = {
        "dot.png": "dot.png: 1 x 1 pixels is too small",
        "ribbon.png": "ribbon.png: 4000 x 20 pixels is too small",
        "empty.jpg": "empty.jpg: this is not a picture",
        "letter.jpg": "letter.jpg: this is not a picture",
        "cut.jpg": "cut.jpg: this picture",
    }
    return {file.name: refused.get(file.name, "") for file in sorted(folder.iterdir())}
