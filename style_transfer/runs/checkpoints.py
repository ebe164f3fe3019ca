"""Safekeeping: runs on disk, so that one that was cut off goes on where it was.

A run is found again by a token that only its visitor knows; the disk holds no more than its digest.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from style_transfer.engine import Frame, State, save_tensors
from style_transfer.recipe import Recipe
from style_transfer.runs.limits import PREFIX, limits

EVERY = 7.0  # s; the oldest that the state on disk may get, as far as steps take no longer
SHORTEST_TOKEN = 32  # characters; fewer could be guessed
_PICTURES, _ABOUT, _STATE = "pictures.safetensors", "run.json", "state.safetensors"

Curve = list[tuple[int, dict[str, float]]]  # step and losses
_in_use: set[Path] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Kept:
    """A run as it was kept."""

    folder: Path
    pictures: dict[str, Tensor]  # (1, 3, H, W) each, bit for bit
    recipe: Recipe  # with the settings that it aimed at
    curve: Curve
    state: State


class Keeper:
    """Keeps one run. A disk that is full or cannot be written stops the keeping alone."""

    def __init__(self, folder: Path, pictures: Mapping[str, Tensor]) -> None:
        """Begin without a file; the run counts as going on until `remove` or `leave`."""
        self.folder, self.trouble = folder, ""  # in one sentence
        self._pictures = pictures
        self._written: Mapping[str, Tensor] | None = None  # of the pictures
        self._at = self._asked = time.monotonic()
        self._writing, self._removed = threading.Lock(), False
        with _lock:
            _in_use.add(folder)

    def is_due(self) -> bool:
        """Return whether the state on disk would be too old after another step like the last.

        To be asked after each step.
        """
        now = time.monotonic()
        step, self._asked = now - self._asked, now
        return now - self._at + step >= EVERY

    def change(self, pictures: Mapping[str, Tensor]) -> None:
        """Write these pictures with the next state, in the place of those before."""
        self._pictures = pictures

    def keep(self, frame: Frame, curve: Curve, recipe: Recipe) -> None:
        """Write the run's newest state; does nothing after `remove`."""
        self._at = time.monotonic()
        about = {
            "recipe": replace(recipe, step=frame.step).to_json(),
            "curve": curve,
        }
        with self._writing:
            if self._removed:
                return
            try:
                self._write(about, frame.state)
                self.trouble = ""
            except OSError as error:
                reason = error.strerror or str(error)
                self.trouble = f"The run goes on, but cannot be kept for later ({reason})."

    def remove(self) -> None:
        """Forget the run, which has ended as its visitor wanted."""
        with self._writing:
            self._removed = True
            shutil.rmtree(self.folder, ignore_errors=True)
        self._release()

    def leave(self) -> None:
        """Let the run be continued for some time by its visitor, who is gone."""
        until = limits().left - limits().kept
        if limits().left:
            try:
                os.utime(self.folder / _STATE, (time.time() + min(0, until),) * 2)
            except OSError:  # never kept
                shutil.rmtree(self.folder, ignore_errors=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._release()

    def _write(self, about: Mapping[str, Any], state: State) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pictures = self._pictures
        if pictures is not self._written or not (self.folder / _PICTURES).exists():
            save_tensors(_packed(pictures), self.folder / _PICTURES, {})
            self._written = pictures
        _write(self.folder / _ABOUT, json.dumps(about))
        _bounded(state).save(self.folder / _STATE)

    def _release(self) -> None:
        with _lock:
            _in_use.discard(self.folder)


def root() -> Path:
    """Return the folder of all kept runs, which no page serves."""
    given = os.environ.get(f"{PREFIX}KEPT_FOLDER")
    return Path(given or Path(tempfile.gettempdir()) / "style-transfer-kept")


def new_folder(token: Any) -> Path | None:
    """Return where to keep a new run of the visitor with `token`; None for one who has none."""
    if not isinstance(token, str) or not SHORTEST_TOKEN <= len(token) <= 200 or not limits().disk:
        return None
    return (
        root() / hashlib.sha256(token.encode(errors="replace")).hexdigest() / secrets.token_hex(8)
    )


def find(token: Any) -> Path | None:
    """Return the folder of the run that was cut off last, of the visitor with `token`."""
    folder = new_folder(token)
    if folder is None:
        return None
    with _lock:
        kept = [file for file in folder.parent.glob(f"*/{_STATE}") if file.parent not in _in_use]
        files = {file: age for file in kept if (age := _age(file)) <= limits().kept}
    return min(files, key=lambda file: files[file]).parent if files else None


def step_of(folder: Path) -> int | None:
    """Return the step that a kept run had reached, None if it cannot be read."""
    try:
        return Recipe.from_json(json.loads((folder / _ABOUT).read_text())["recipe"]).step
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load(folder: Path) -> Kept:
    """Return a kept run. Raises ValueError, one sentence, where it cannot be read."""
    try:
        about = json.loads((folder / _ABOUT).read_text())
        recipe = Recipe.from_json(about["recipe"])
        pictures = _unpacked(load_file(folder / _PICTURES))
        state = State.load(folder / _STATE)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError("The interrupted run cannot be read any more.") from error
    # What tells of the run is written before its state, and may be a moment ahead of it.
    curve = [(step, losses) for step, losses in about["curve"] if step <= state.step]
    return Kept(folder, pictures, recipe, curve, state)


def sweep() -> None:
    """Remove runs kept too long, and the oldest where all together take too much room."""
    with _lock:
        folders = [f for f in root().glob("*/*") if f.is_dir() and f not in _in_use]
    sizes = {f: sum(file.stat().st_size for file in _files(f)) for f in root().glob("*/*")}
    room = limits().disk * 1_000_000 - sum(sizes.values())
    for folder in sorted(folders, key=lambda f: -_age(f / _STATE)):
        if _age(folder / _STATE) > limits().kept or room < 0:
            room += sizes.get(folder, 0)
            shutil.rmtree(folder, ignore_errors=True)
    for visitor in root().glob("*"):
        try:
            visitor.rmdir()
        except OSError:  # not empty, or not a folder of ours
            continue


def _files(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except OSError:
        return []


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return float("inf")


def _bounded(state: State) -> State:
    """Return a state that takes no more than its share of the room, without memory if need be."""
    tensors = [state.image, *state.memory, *([] if state.good is None else [state.good])]
    size = sum(tensor.nbytes for tensor in tensors)
    if size <= limits().disk * 1_000_000 / limits().runs:
        return state
    return replace(state, memory=(), good=None, loss=None)


def _packed(pictures: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return pictures with 8 bits where that loses nothing: a quarter of the size."""
    packed = {}
    for name, picture in pictures.items():
        levels = picture.mul(255).round().to(torch.uint8)
        packed[name] = levels if torch.equal(levels.float() / 255, picture) else picture
    return packed


def _unpacked(pictures: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: picture.float() / 255 if picture.dtype == torch.uint8 else picture.clone()
        for name, picture in pictures.items()
    }


def _write(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    try:
        part.write_text(text)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
