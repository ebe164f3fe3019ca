"""Levels of deep and signed greys."""

import numpy as np
from PIL import Image

from style_transfer.picture_files import tiff
from style_transfer.picture_files.refusals import RefusedError

_WHITES = (1, 255, 65535)  # that are usual where a file does not say which level is white
_OVERSHOOT = 16  # times white; midway, by factors, between the usual whites
_SAMPLE = 1_000_000  # pixels from which the white of floats is told


def to_8_bit(image: Image.Image) -> Image.Image:
    """Return a decoded picture as it is or, of deep or signed greys, as "L"; see `scaled`."""
    levels = scaled(image)
    if levels is None:
        return image
    levels *= 255
    return Image.fromarray(np.rint(levels, out=levels).astype(np.uint8))


def scaled(image: Image.Image) -> np.ndarray | None:
    """Return deep or signed greys of a decoded picture, (H, W) from black 0 to white 1, else None.

    Integers have the range that their file declares. In 32 bits, which mostly hold fewer, white is
    the least usual one that no level exceeds: by the next the picture would be black. Floats may
    exceed their white in places. Raises RefusedError for floats that have none, or are not finite.
    """
    bits, signed = tiff.bits_and_sign(image)
    if not (image.mode[0] in "IF" or (signed and image.mode == "L")):
        return None
    values = np.asarray(image)
    if signed and image.mode == "L":
        values = values.view(np.int8)
    elif image.mode == "I" and image.format == "TIFF" and bits == 32 and not signed:
        values = values.view(np.uint32)
    white = _white(image, values, bits, signed)
    levels = values.astype(np.float32)
    levels *= 1 / white
    if tiff.white_is_zero(image):
        np.subtract(1, levels, out=levels)
    return np.clip(levels, 0, 1, out=levels)


def _white(image: Image.Image, values: np.ndarray, bits: int, signed: bool) -> float:
    if image.mode == "F":
        return _white_of_floats(values)
    if image.format != "TIFF":  # Pillow scales to 16 bits what is in other files
        bits = 16
    declared = float(2 ** (bits - signed) - 1)
    if bits < 32:
        return declared
    highest = values.max()
    return next((white for white in _WHITES if highest <= white), declared)


def _white_of_floats(values: np.ndarray) -> float:
    odd = values.size - np.count_nonzero(np.isfinite(values))
    if odd:
        raise RefusedError(f"{odd:,} of its pixels are no finite numbers; replace them first.")
    some = values.reshape(-1)[:: max(1, values.size // _SAMPLE)]
    highest = float(np.quantile(some, 0.999, method="lower"))
    for white in _WHITES:
        if highest <= _OVERSHOOT * white:
            return white
    raise RefusedError(f"its levels go up to {highest:.3g}; let 1 be white.")
