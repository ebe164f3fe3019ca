"""Weights of networks: those bundled with the package, and those that torchvision downloads."""

import hashlib
import pickle
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

from safetensors.torch import load as load_safetensors
from torch import Tensor

Weights = list[tuple[Tensor, Tensor]]  # (weight, bias) of each convolution, from shallow to deep


class WeightsUnavailableError(Exception):
    """A download failed: no connection, no room, a damaged file."""


def bundled_weights(folder: Path, sha256: Mapping[str, str]) -> Weights:
    """Return the weights of the files in `folder` that `sha256` names, from shallow to deep.

    They are stored with 8 bits each: weight = palette[index]. Raises ValueError, one sentence,
    where a file is missing or damaged.
    """
    layers: Weights = []
    for file, digest in sha256.items():
        try:
            data = (folder / file).read_bytes()
        except OSError as error:
            raise ValueError(f"The network's file {folder / file} cannot be read.") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"The network's file {folder / file} is damaged; fetch it again.")
        tensors = load_safetensors(data)
        for conv in sorted(key.split(".")[0] for key in tensors if key.endswith(".index")):
            index = tensors[f"{conv}.index"]
            weight = tensors[f"{conv}.palette"][index.int()]  # uint8 would be taken as a mask
            layers.append((weight, tensors[f"{conv}.bias"]))
    return layers


def torchvision_weights(name: str) -> Weights:
    """Return torchvision's weights of that name, downloaded once.

    Raises WeightsUnavailableError.
    """
    from torchvision.models import get_weight  # takes seconds, and most runs need none of it

    try:
        with redirect_stdout(sys.stderr):  # where a download is told, in front of a program's data
            state = get_weight(name).get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsUnavailableError(str(error)) from error
    features = [value for key, value in state.items() if key.startswith("features.")]
    return list(zip(features[::2], features[1::2], strict=True))
