"""Recipe: all that made a picture, as a value and as a text."""

import json
import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from style_transfer import __version__
from style_transfer.checks import (
    cannot_use,
    file_name,
    no_misspelling,
    one_of,
    quoted,
    whole_number,
)
from style_transfer.engine import (
    INITS,
    MAX_SEED,
    OPTIMIZERS,
    Stroke,
    default_size,
    strokes_from_text,
    strokes_to_text,
)
from style_transfer.images import MIN_SIDE, read_text
from style_transfer.network import NETWORKS
from style_transfer.settings import KNOBS, MAX_STEPS, MAX_STYLES, Settings
from style_transfer.versions import newest_version, settings_of

MAX_SIZE = 100_000  # px; longer than the longest side that images.MAX_PIXELS lets in
MAX_NAME = 200  # characters
PREVIEWS = 1, 20  # range of how many steps lie between two previews
MAX_TEXT = 50_000  # characters; a recipe has about 800, and the EXIF of a JPEG ends at 65,533
_FORMAT = "style-transfer-recipe-"  # and the version of the default settings


@dataclass(frozen=True)
class Recipe:
    """What to do again to get the same picture. Of the files it knows names only, never folders.

    Raises ValueError, one sentence with the value and what is allowed.
    """

    photo: str = ""  # name of the file
    style: str = ""  # name of the file
    more_styles: tuple[str, ...] = ()  # names of the files of the others
    mask: str = ""  # name of the file
    size: int = field(default_factory=default_size)  # px, the longer side that was asked for
    enlarge: bool = False  # whether a smaller photo was enlarged to it
    seed: int = 0
    init: str = INITS[0]
    optimizer: str = next(iter(OPTIMIZERS))
    network: str = NETWORKS[0]
    preview_every: int = 1  # steps from one preview to the next
    step: int = 0  # that the picture was taken at
    version: str = __version__  # of the program
    settings: Settings = field(default_factory=Settings)  # at that step
    strokes: tuple[Stroke, ...] = ()  # that were made until then, and undone
    left_out: str = ""  # strokes for which the text that this was read from had no room, in words

    def __post_init__(self) -> None:
        def normalise(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)  # the dataclass is frozen

        for name in ("photo", "style", "mask", "version", "left_out"):
            normalise(name, _name(name, getattr(self, name)))
        normalise("more_styles", _names("more styles", self.more_styles))
        normalise("size", whole_number("size", self.size, MIN_SIDE, MAX_SIZE))
        if not isinstance(self.enlarge, bool):
            raise ValueError(f"enlarge must be true or false, not {quoted(self.enlarge)}.")
        normalise("seed", whole_number("seed", self.seed, 0, MAX_SEED))
        normalise("preview_every", whole_number("preview_every", self.preview_every, *PREVIEWS))
        normalise("step", whole_number("step", self.step, 0, MAX_STEPS))
        one_of("init", self.init, INITS)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        one_of("network", self.network, NETWORKS)

    def to_json(self, indent: int | None = None) -> str:
        """Return the recipe as JSON, all of it ASCII, which is what EXIF can hold.

        Strokes for which MAX_TEXT has no room are left out.
        """
        names = {f.name for f in fields(self)} - {"strokes", "left_out"}
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name in names}
        plain = {"format": f"{_FORMAT}{newest_version()}"} | values
        plain |= {"settings": self.settings.as_dict()}
        if self.strokes:
            text = json.dumps(plain | {"strokes": strokes_to_text(self.strokes)}, indent=indent)
            if len(text) <= MAX_TEXT:
                return text
            plain |= {"left_out": f"{len(self.strokes)} strokes, for which there is no room"}
        return json.dumps(plain, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "the text") -> "Recipe":
        """Return the recipe that `to_json` wrote; what is missing takes its default.

        That of a setting is of the text's version. Raises ValueError, one sentence that begins with
        `name`, where the text is no recipe or of a newer version, or a name in it is misspelt.
        """
        version, data = _parse(text, name)
        values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        settings = data.get("settings", {})
        try:
            if not isinstance(settings, dict):
                raise ValueError("the settings have no names.")
            no_misspelling(data, (f.name for f in fields(cls)))
            no_misspelling(settings, KNOBS)
            if "pooling" in data:  # its place in recipes made before it was a setting
                settings = {"pooling": data["pooling"]} | settings
            if not isinstance(settings.get("style_layers", {}), dict):
                raise ValueError("the style layers have no weights.")
            if not isinstance(strokes := data.get("strokes", ""), str):
                raise ValueError("the strokes are no text.")
            values |= {"strokes": strokes_from_text(strokes)}
            return cls(**values | {"settings": settings_of(version, settings)})
        except ValueError as error:
            raise cannot_use(name, error) from error


def save_recipe(recipe: Recipe, file: str | os.PathLike[str]) -> None:
    """Write the recipe as a settings file, indented JSON."""
    Path(file).write_text(recipe.to_json(indent=2) + "\n", encoding="utf-8")


def read_recipe(file: str | os.PathLike[str]) -> Recipe:
    """Return the recipe of a picture or of a settings file, whatever its extension.

    Raises ValueError, one sentence that names the file, where there is no recipe in it.
    """
    return Recipe.from_json(read_text(file, MAX_TEXT + 1), file_name(file))


def _parse(text: str | bytes, name: str) -> tuple[int, dict[str, Any]]:
    """Return the version of a recipe's text, and what it says."""
    try:
        data = json.loads(text) if len(text) <= MAX_TEXT else None
    except (ValueError, RecursionError) as error:  # no JSON; thousands of brackets
        if isinstance(error, json.JSONDecodeError) and _FORMAT in str(text):  # changed by hand
            raise ValueError(f"{name}: this is no JSON any more ({error}).") from None
        data = None
    form = data.get("format") if isinstance(data, dict) else None
    found = re.fullmatch(rf"{_FORMAT}([1-9][0-9]{{0,5}})", form) if isinstance(form, str) else None
    if not isinstance(data, dict) or not found:
        raise ValueError(f"{name}: no settings of this program are in it.")
    if (version := int(found[1])) > newest_version():
        raise ValueError(f"{name}: its settings are of a newer version of this program.")
    return version, data


def _name(what: str, value: Any) -> str:
    """Return the last part of a path, on one line, without what a screen cannot show."""
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a text, not {quoted(value)}.")
    last = re.split(r"[/\\]", value)[-1]
    return "".join(c if c.isprintable() else " " for c in last)[:MAX_NAME].strip()


def _names(what: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or len(values) >= MAX_STYLES:
        raise ValueError(f"{what} must be at most {MAX_STYLES - 1} names, not {quoted(values)}.")
    return tuple(_name(what, value) for value in values)
