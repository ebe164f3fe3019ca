"""A film on the command line: python -m style_transfer FILM STYLE -o film.mp4"""

import argparse
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tqdm import tqdm

from style_transfer.batch import (
    DIVERGED,
    INTERRUPTED,
    PAIRINGS,
    REFUSED,
    SPACES,
    Request,
    check_apart,
    files_in,
)
from style_transfer.checks import in_words
from style_transfer.cli.console import complain
from style_transfer.cli.log import StepLog
from style_transfer.cli.parser import EXIT_DIVERGED, EXIT_NOT_AS_ASKED, EXIT_USAGE_ERROR
from style_transfer.cli.reporter import BAR_FORMAT
from style_transfer.cli.request import check_weights, fitted, recipe_in, request_in
from style_transfer.engine import Frame
from style_transfer.film import (
    FILM_FORMATS,
    VIDEO_SUFFIXES,
    Keyframes,
    PaintedFilm,
    is_animation,
    paint_film,
)
from style_transfer.images import DEPTHS
from style_transfer.interruption import Interruption

_OF_PICTURES = {  # options that a film has no use for, and what they are where not given
    **dict.fromkeys(("photos", "betas", "contact_sheet", "name", "page", "dpi", "keep_exif")),
    **{"depth": DEPTHS[0], "color_space": SPACES[0], "pairing": PAIRINGS[0]},
}
_OF_FILMS = "keyframes", "temporal"  # options that a picture has no use for
_ALSO_PICTURES = {".gif", ".webp"}  # endings of films that pictures have as well


def is_film(options: argparse.Namespace) -> bool:
    """Return whether the options ask for a film, and not for pictures.

    Raises ValueError, one sentence, for a film to a picture, and for options of films for pictures.
    """
    asked = _asks_for_film(options)
    for name in _OF_FILMS:
        if not asked and getattr(options, name) is not None:
            raise ValueError(f"A picture is painted without {_option(name, options)}.")
    return asked


def _asks_for_film(options: argparse.Namespace) -> bool:
    suffix, photo = options.output.suffix.lower(), options.photo
    if photo.is_dir():
        is_file = not options.into_folder and not options.output.is_dir()
        if is_file and suffix in FILM_FORMATS.keys() - _ALSO_PICTURES:
            raise ValueError(f"{photo} is a folder; {options.output.name} needs a film.")
        return False
    if photo.suffix.lower() in VIDEO_SUFFIXES and suffix not in FILM_FORMATS:
        known = ", ".join(FILM_FORMATS)
        raise ValueError(f"{photo.name} is a film; -o needs one of the endings {known}.")
    if suffix not in _ALSO_PICTURES or photo.suffix.lower() in VIDEO_SUFFIXES:
        return suffix in FILM_FORMATS
    return is_animation(photo)


def run_film(options: argparse.Namespace, interruption: Interruption) -> int:
    """Paint the film of the options and return the exit code, as `run_command` does."""
    try:
        options.styles = files_in(options.styles, "style")
        _check(options)
        recipe = recipe_in(options)
        request = request_in(options, recipe)
        request, notes = fitted(request, recipe, options, 0, len(options.styles))
        for words in notes:
            complain(words)
        keyframes = Keyframes.read(options.keyframes) if options.keyframes else Keyframes({})
        with closing(FilmReporter(options.log, interruption)) as reporter:
            painted = _painted(options, request, keyframes, reporter)
    except (ValueError, OSError) as error:
        _tell(PaintedFilm(REFUSED, None, message=in_words(error)), options)
        return EXIT_USAGE_ERROR
    _tell(painted, options)
    if painted.place != options.output:
        return EXIT_NOT_AS_ASKED
    return EXIT_DIVERGED if painted.status == DIVERGED else 0


def _check(options: argparse.Namespace) -> None:
    """Raise ValueError for options of pictures, and files that would overwrite each other."""
    for name, absent in _OF_PICTURES.items():
        if (getattr(options, name) or None) != absent:
            raise ValueError(f"A film is painted by itself, without {_option(name, options)}.")
    inputs = [options.photo, *options.styles, options.mask, options.settings, options.keyframes]
    given = [file for file in inputs if file]
    check_apart("film", options.output, given)
    check_weights(options, len(options.styles))
    if options.log:
        check_apart("log", options.log, [*given, options.output])


def _painted(
    options: argparse.Namespace, request: Request, keyframes: Keyframes, reporter: "FilmReporter"
) -> PaintedFilm:
    weight = {} if options.temporal is None else {"temporal": options.temporal}
    return paint_film(
        options.photo,
        options.styles,
        options.output,
        request,
        keyframes=keyframes,
        watch=reporter,
        **weight,
    )


def _option(name: str, options: argparse.Namespace) -> str:
    if name == "pairing":
        return "--each-style" if options.pairing == "each" else "--pairwise"
    return "--" + name.replace("_", "-")


def _tell(painted: PaintedFilm, options: argparse.Namespace) -> None:
    """Say what became of the film."""
    if options.json:
        print(json.dumps(_record(painted, options)), flush=True)
    if painted.message:
        complain(painted.message)
    if painted.status == INTERRUPTED and painted.place and not options.json:
        print(
            f"Interrupted after frame {painted.frames} of {painted.count}; {painted.place} holds "
            "the film so far, and the same command goes on."
        )


def _record(painted: PaintedFilm, options: argparse.Namespace) -> dict[str, Any]:
    return {
        "photo": str(options.photo),
        "styles": [str(style) for style in options.styles],
        "picture": str(painted.place) if painted.place else None,
        "status": painted.status,
        "message": painted.message,
        "seconds": round(painted.seconds, 3),
        "frames": painted.frames,
    }


class FilmReporter:
    """One bar for the film, and the log."""

    def __init__(self, log: Path | None, interruption: Interruption) -> None:
        """Raises ValueError where the log cannot be written."""
        self._log, self._interruption = StepLog(log), interruption
        self._bar: tqdm | None = None
        self._count, self._steps = 0, 0

    def close(self) -> None:
        """End the bar and the log."""
        if self._bar is not None:
            self._bar.close()
        self._log.close()

    def begin(self, painted: int, count: int) -> None:
        """Show the bar."""
        self._log.begin()
        self._count, self._began = count, time.perf_counter()
        self._bar = tqdm(total=1.0, bar_format=BAR_FORMAT)
        self._bar.set_description_str(f" frame {painted + 1} of {count}")

    def step(self, number: int, frame: Frame, steps_left: int) -> None:
        """Move the bar. Raises KeyboardInterrupt after one that was dropped on the way."""
        if self._interruption.noticed:
            raise KeyboardInterrupt
        assert self._bar is not None
        if frame.note:
            tqdm.write(f"style_transfer: {frame.note}", file=sys.stderr)
        self._steps += 1
        seconds = time.perf_counter() - self._began
        self._log.add(frame, seconds, {"frame": number})
        left = steps_left * seconds / self._steps
        self._bar.total, self._bar.n = seconds + left, seconds
        names = ("content", "style", "temporal")
        losses = [f"{name} {frame.losses[name]:.3g}" for name in names if name in frame.losses]
        step = f"step {frame.step} of {frame.settings.steps}"
        words = [f" frame {number + 1} of {self._count}", step, *losses, f"{left:.0f} s left"]
        self._bar.set_description_str(", ".join(words))

    def finish(self) -> None:
        """Let no signal end what follows: the film is saved."""
        self._interruption.only_notice()
