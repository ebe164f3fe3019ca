"""Jobs: which photos are painted like which styles, and the names of the pictures."""

import string
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from style_transfer.checks import one_of, quoted
from style_transfer.images import readable_suffixes
from style_transfer.settings import MAX_STYLES, Settings

STREAM = Path("-")  # standard input or output
PAIRINGS = ("mix", "each", "pairwise")  # all styles in each picture, every one in its own, in turn
PATTERN, PATTERN_OF_BETAS = "{photo}-{style}.png", "{photo}-{style}-beta{beta}.png"
_FIELDS = ("photo", "style", "beta", "number")  # of a pattern


@dataclass(frozen=True)
class PictureJob:
    """A picture to be painted."""

    photo: Path
    styles: tuple[Path, ...]
    output: Path
    settings: Settings
    in_folder: bool = False  # which is made where it is missing


def jobs_of(
    photos: Iterable[Path],
    styles: Iterable[Path],
    output: Path,
    settings: Settings,
    *,
    pairing: str = PAIRINGS[0],
    betas: Iterable[float] = (),
    pattern: str | None = None,
    into_folder: bool = False,
) -> list[PictureJob]:
    """Return the jobs of a command. A folder stands for the pictures in it, by their names.

    `output` is the file of a single picture, otherwise or where `into_folder` says so a folder, in
    which names are made by the `pattern`. Raises ValueError, one sentence, where there is nothing
    to paint, styles and photos make no pairs, or two pictures would have one name.
    """
    if not isinstance(betas, Iterable):
        raise ValueError(f"betas must be several numbers, not {quoted(betas)}.")
    photos, styles, betas = [*photos], [*styles], [*betas]
    from_folder = any(each.is_dir() for each in (*photos, *styles))
    photos, styles = files_in(photos, "photo"), files_in(styles, "style")
    made = [
        (photo, some, replace(settings, beta=beta))
        for photo, some in _pairs(photos, styles, pairing)
        for beta in betas or (settings.beta,)
    ]
    made_folder = into_folder or len(made) > 1 or pattern is not None
    made_folder |= from_folder and output != STREAM and not _ends_as(output, readable_suffixes())
    if not made_folder and not _is_folder(output):
        ((photo, some, changed),) = made
        return [PictureJob(photo, some, output, changed)]
    if output == STREAM or (_ends_as(output, readable_suffixes()) and not into_folder):
        what = f"{len(made)} pictures" if len(made) > 1 else "names by a pattern (--name)"
        raise ValueError(f"{output}: a folder is needed for {what}.")
    chosen = (PATTERN_OF_BETAS if betas else PATTERN) if pattern is None else pattern
    jobs = [
        PictureJob(
            photo, some, output / _name(chosen, photo, some, changed, number), changed, made_folder
        )
        for number, (photo, some, changed) in enumerate(made, 1)
    ]
    ((name, count),) = Counter(job.output for job in jobs).most_common(1)
    if count > 1:
        words = f"{count} pictures would have this name; put {{number}} into the pattern (--name)"
        raise ValueError(f"{name}: {words}.")
    return jobs


def _is_folder(output: Path) -> bool:
    return output.is_dir() or (output != STREAM and not output.suffix)


def _ends_as(output: Path, suffixes: Container[str]) -> bool:
    return output.suffix.lower() in suffixes and not output.is_dir()


def files_in(given: Iterable[Path], what: str) -> list[Path]:
    """Return files, in place of each folder the pictures in it. Raises ValueError, one sentence."""
    files = list[Path]()
    for each in given:
        if not each.is_dir():
            files.append(each)
            continue
        try:
            found = sorted(file for file in each.iterdir() if _is_picture(file))
        except OSError as error:
            raise ValueError(f"{each}: this folder cannot be read ({error.strerror}).") from None
        if not found:
            raise ValueError(f"{each}: there is no picture in this folder.")
        files += found
    if not files:
        raise ValueError(f"At least one {what} is needed.")
    return files


def _is_picture(file: Path) -> bool:
    """Tell whether a file of a folder is meant: hidden ones are not, such as "._a.jpg" of macOS."""
    named = file.suffix.lower() in readable_suffixes() and not file.name.startswith(".")
    return named and file.is_file()


def _pairs(
    photos: list[Path], styles: list[Path], pairing: str
) -> list[tuple[Path, tuple[Path, ...]]]:
    one_of("pairing", pairing, PAIRINGS)
    if pairing == "each":
        return [(photo, (style,)) for photo, style in product(photos, styles)]
    if pairing == "pairwise":
        if len(photos) != len(styles):
            raise ValueError(f"{len(photos)} photos and {len(styles)} styles make no pairs.")
        return [(photo, (style,)) for photo, style in zip(photos, styles, strict=True)]
    if len(styles) > MAX_STYLES:
        raise ValueError(
            f"A picture has 1 to {MAX_STYLES} styles, not {len(styles)}; "
            "to paint one in each style, use --each-style."
        )
    return [(photo, tuple(styles)) for photo in photos]


def _name(
    pattern: str, photo: Path, styles: tuple[Path, ...], settings: Settings, number: int
) -> str:
    stems = "+".join(style.stem for style in styles)
    photo_stem = "photo" if photo == STREAM else photo.stem
    fields = photo_stem, stems, f"{settings.beta:g}", number
    try:
        if not pattern:
            raise ValueError("it is empty")
        for _, name, *_ in string.Formatter().parse(pattern):
            if name is not None:
                one_of("the name in braces", name, _FIELDS)
        return pattern.format(**dict(zip(_FIELDS, fields, strict=True)))
    except (ValueError, LookupError) as error:  # such as a brace that is not closed
        reason = str(error).rstrip(".")
        raise ValueError(f"--name {pattern!r} cannot be used: {reason}.") from None
