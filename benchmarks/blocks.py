"""The picture of docs/size.md: a photo painted as a whole, in blocks, and block by block.

python -m benchmarks.blocks [--size 384] [--block 128] [--steps 24]
"""

import argparse

import torch

from benchmarks.samples import DOCS, photo, save_sheet, style, stylized
from style_transfer.engine import in_blocks
from style_transfer.engine.blocks import blocks_of
from style_transfer.settings import Settings


def main() -> None:
    """Paint, and write the pictures side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("size", 384), ("block", 128), ("steps", 24)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    content, painting = photo("fig", options.size), style("mosaic")
    settings = Settings(steps=options.steps)
    apart = torch.empty_like(content)
    for block in blocks_of((content.shape[-2], content.shape[-1]), options.block, []):
        part = content[..., block.own[0], block.own[1]]
        apart[..., block.own[0], block.own[1]] = stylized(part, painting, settings)
    blocks = stylized(content, painting, settings, in_blocks(options.block))
    row = [
        ("as a whole", stylized(content, painting, settings)),
        (f"in blocks of {options.block} px, as here", blocks),
        ("each block by itself", apart),
    ]
    save_sheet(DOCS / "size" / "blocks.jpg", [row], options.size)


if __name__ == "__main__":
    main()
