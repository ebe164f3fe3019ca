"""From options to what is to be painted."""

import argparse
from dataclasses import replace
from typing import Any

from style_transfer.batch import PAIRINGS, PictureJob, Request, checked_dpi, jobs_of
from style_transfer.cli.parser import PRESET_NAMES
from style_transfer.cli.sizes import Length
from style_transfer.engine import INITS
from style_transfer.images import PRINT_DPI
from style_transfer.presets import preset_values
from style_transfer.recipe import Recipe, read_recipe
from style_transfer.settings import KNOBS, Settings

_OF_RECIPE = ("enlarge", "init", "optimizer", "seed", "network")  # options of a settings file


def settings_in(options: argparse.Namespace, recipe: Recipe | None = None) -> Settings:
    """Return the settings of the options: those of a recipe or the defaults, changed by the preset,
    then by single knobs.

    Raises ValueError for values out of range.
    """
    values = recipe.settings.as_dict() if recipe else {}
    if options.preset:
        values |= preset_values(PRESET_NAMES[options.preset])
    return Settings(**values | {n: value for n, value in vars(options).items() if n in KNOBS})


def recipe_in(options: argparse.Namespace) -> Recipe | None:
    """Return the recipe to begin with, None without one. Raises ValueError, one sentence."""
    return read_recipe(options.settings) if options.settings else None


def request_in(options: argparse.Namespace, recipe: Recipe | None = None) -> Request:
    """Return how pictures are to be painted, like a recipe but for what the options say.

    Raises ValueError, one sentence.
    """
    given = {n: getattr(recipe, n) for n in _OF_RECIPE} if recipe else {}
    given |= {n: getattr(options, n) for n in _OF_RECIPE if hasattr(options, n)}
    size: Any = options.size if options.size or recipe is None else recipe.size
    dpi = options.dpi
    if isinstance(size, Length):
        dpi = PRINT_DPI if dpi is None else checked_dpi(dpi)
        size = size.pixels(dpi)
    return Request(
        settings=settings_in(options, recipe),
        size=size,
        page=options.page,
        mask=options.mask,
        device=options.device,
        depth=options.depth,
        color_space=options.color_space,
        background=options.background,
        dpi=dpi,
        keep_exif=options.keep_exif,
        resume=options.resume,
        skip_existing=options.skip_existing,
        strokes=recipe.strokes if recipe else (),
        **given,
    )


def jobs_in(options: argparse.Namespace, request: Request) -> list[PictureJob]:
    """Return the pictures to be painted. Raises ValueError, one sentence."""
    jobs = jobs_of(
        [options.photo, *options.photos],
        options.styles,
        options.output,
        request.settings,
        pairing=options.pairing,
        betas=options.betas,
        pattern=options.name,
        into_folder=options.into_folder,
    )
    check_weights(options, max(len(job.styles) for job in jobs))
    return jobs


def check_weights(options: argparse.Namespace, styles: int) -> None:
    """Raise ValueError, one sentence, for more weights than a picture has styles."""
    if (weights := len(getattr(options, "style_weights", ()))) > styles:
        has = "each picture has one style" if styles == 1 else f"a picture has {styles} styles"
        raise ValueError(f"--style-weights has {weights} weights, but {has}.")


def fitted(
    request: Request, recipe: Recipe | None, options: argparse.Namespace, photos: int, styles: int
) -> tuple[Request, list[str]]:
    """Return the request for so many photos, 0 for a film, and pictures of so many styles.

    With it come sentences on what the recipe has and such pictures will not.
    """
    if recipe is None:
        return request, []
    name = options.settings.name
    notes = [f"left out of {name} are {recipe.left_out}"] if recipe.left_out else []
    if request.strokes and (photos != 1 or request.init not in INITS):
        why = "the picture begins with another" if photos == 1 else "they were made on one photo"
        notes.append(f"the strokes in {name} ({len(request.strokes)}) are left out, since {why}")
        request = replace(request, strokes=())
    further = recipe.more_styles[styles - 1 :] if options.pairing == PAIRINGS[0] else ()
    mask = [f"the mask {recipe.mask}"] if recipe.mask and not options.mask else []
    if lacking := [*further, *mask]:
        notes.append(f"{name} was made also with {', '.join(lacking)}; give the files themselves")
    return request, notes
