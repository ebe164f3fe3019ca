"""Neural style transfer that you steer while it paints (Gatys, Ecker and Bethge 2015)."""

import importlib
from typing import Any

__version__ = "0.1.0"

# Imported on first use, so that `import style_transfer` is quick and `runtime.configure` can come
# before torch.
_MODULES = {
    "Frame": "style_transfer.engine",
    "Request": "style_transfer.batch",
    "Settings": "style_transfer.settings",
    "State": "style_transfer.engine",
    "Styles": "style_transfer.engine",
    "open_image": "style_transfer.images",
    "paint_film": "style_transfer.film",
    "paint_files": "style_transfer.batch",
    "save": "style_transfer.images",
    "stylize": "style_transfer.engine",
    "to_tensor": "style_transfer.images",
}
__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
