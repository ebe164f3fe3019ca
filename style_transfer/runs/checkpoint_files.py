"""The files of a run on disk.

A folder for each run: `pictures-N-M.safetensors` holds content image, style images and masks of
states from step N on, `state.safetensors` the state between two steps, `run.json` the recipe and
the losses of each step, and `expiry.json`, where the visitor has left the run, when it expires.
The state is written last: whatever stops the writing, one is there with its pictures.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from style_transfer.engine import Styles, save_tensors
from style_transfer.recipe import Recipe
from style_transfer.replacing import replace_file
from style_transfer.runs.history import LossHistory

RUN_FILE, STATE_FILE = "run.json", "state.safetensors"
EXPIRY_FILE = "expiry.json"

OPACITY = "opacity"  # of the photo, among the pictures
# By earlier versions without a step; a second number where there are several of a step.
_PICTURES = re.compile(r"pictures(?:-(\d+)(?:-(\d+))?)?\.safetensors")


def by_name(content: Tensor, styles: Styles, opacity: Tensor | None) -> dict[str, Tensor]:
    """Return content image, its opacity, style images and masks as checkpoints name them."""
    tensors = {"content": content} | styles.as_tensors()
    return tensors if opacity is None else tensors | {OPACITY: opacity}


def write_pictures(folder: Path, pictures: Mapping[str, Tensor], step: int) -> None:
    """Write content image, style images and masks of the states from `step` on. Raises OSError."""
    last = max((number for at, number in pictures_files(folder) if at == step), default=-1)
    save_tensors(_pack(pictures), folder / f"pictures-{step}-{last + 1}.safetensors", {})


def pictures_files(folder: Path) -> dict[tuple[int, int], Path]:
    """Return the files that `write_pictures` wrote, by step and number, the newest first."""
    names = ((_PICTURES.fullmatch(file.name), file) for file in folder.glob("pictures*"))
    found = {(int(name[1] or 0), int(name[2] or 0)): file for name, file in names if name}
    return dict(sorted(found.items(), reverse=True))


def read_pictures(file: Path) -> dict[str, Tensor]:
    """Return what `write_pictures` wrote. Raises OSError or SafetensorError."""
    return {
        name: picture.float() / 255 if picture.dtype == torch.uint8 else picture.clone()
        for name, picture in load_file(file).items()
    }


def write_run(folder: Path, recipe: Recipe, losses: LossHistory, rests: bool) -> None:
    """Write the recipe and the losses of each step, and whether the run rests. Raises OSError."""
    about = {"recipe": recipe.to_json(), "curve": losses, "rests": rests}
    _write_json(folder / RUN_FILE, about)


def write_expiry(folder: Path, expires: float) -> None:
    """Write when the checkpoint expires, in seconds since the epoch. Raises OSError."""
    _write_json(folder / EXPIRY_FILE, {"expires": expires})


def _write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    part = file.with_suffix(".part")
    try:
        part.write_text(json.dumps(value))
        replace_file(part, file)
    finally:
        part.unlink(missing_ok=True)


def _pack(pictures: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return pictures with 8 bits where that loses nothing: a quarter of the size."""
    packed = {}
    for name, picture in pictures.items():
        levels = picture.mul(255).round().to(torch.uint8)
        packed[name] = levels if torch.equal(levels.float() / 255, picture) else picture
    return packed
