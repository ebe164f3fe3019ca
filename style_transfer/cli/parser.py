"""What the command line takes."""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from style_transfer.batch import SEPARATORS
from style_transfer.cli.file_options import (
    COMMAND,
    add_batch_options,
    add_file_options,
    add_film_options,
    file_name,
)
from style_transfer.cli.knob_options import add_knobs, whole
from style_transfer.cli.sizes import side
from style_transfer.devices import AUTO, CPU, TYPES, VARIABLE
from style_transfer.engine import INITS, OPTIMIZERS, STYLE_COLORS, default_size
from style_transfer.film import FILM_FORMATS
from style_transfer.images import OFFERED
from style_transfer.network import NETWORKS
from style_transfer.presets import PRESETS
from style_transfer.settings import MAX_STYLES

# Exit codes beside 0, as shells number them.
EXIT_DIVERGED, EXIT_USAGE_ERROR, EXIT_NOT_AS_ASKED, EXIT_INTERRUPTED = 1, 2, 3, 130
_EXIT_CODES = (
    "Ctrl-C, SIGTERM and SIGHUP save the picture so far. Exit codes: 0 the picture is saved, also "
    f"after an interruption; {EXIT_DIVERGED} diverged, the last good picture is saved, or of "
    f"several pictures some failed, as told; {EXIT_USAGE_ERROR} refused before the first step; "
    f"{EXIT_NOT_AS_ASKED} saved elsewhere, as told, or not at all; {EXIT_INTERRUPTED} interrupted "
    "before there was a picture, or before all of several were painted."
)
PRESET_NAMES = {name.lower().replace(" ", "-"): name for name in PRESETS}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options in `arguments`, by default those that the program was called with.

    What cannot be read ends the program with a sentence and EXIT_USAGE_ERROR.
    """
    return _parser().parse_args(arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        words = " ".join(message.split())
        self.exit(EXIT_USAGE_ERROR, f"style_transfer: {words} (--help lists the options)\n")


class _Output(argparse.Action):
    """Takes where pictures go, and whether a slash at the end says that it is a folder."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        namespace.output, namespace.into_folder = values


def _parser() -> argparse.ArgumentParser:
    by_script = Path(sys.argv[0]).stem == COMMAND
    parser = _Parser(
        prog=COMMAND if by_script else "python -m style_transfer",
        description="Turn photos into pictures in the style of paintings.",
        epilog=_EXIT_CODES,
    )
    _add_pictures(parser)
    add = parser.add_argument
    add(
        "--size",
        type=side,
        metavar="N",
        help="longer side of the picture in pixels, to which a larger photo is reduced, or as "
        "30cm or 12in at --dpi, 300 by default "
        f"(default: {default_size(CPU)} on the CPU, {default_size(TYPES[-1])} on a GPU)",
    )
    add("--preset", choices=PRESET_NAMES, help="values of several knobs; those below override it")
    add_knobs(parser)
    colors = ", ".join(STYLE_COLORS)
    add(
        "--mask",
        type=file_name,
        metavar="FILE",
        help="picture over the photo: black leaves it, white "
        f"paints it, greys less so; {colors} paint it in the first, second ... STYLE alone",
    )
    _add_computing(parser)
    add_file_options(parser)
    add_batch_options(parser)
    add_film_options(parser)
    return parser


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    """Add what is painted, like what, and where to."""
    add = parser.add_argument
    add(
        "photo",
        type=file_name,
        metavar="PHOTO",
        help="picture to be painted, a folder of them, a film, or - for standard input",
    )
    add(
        "styles",
        type=file_name,
        metavar="STYLE",
        nargs="+",
        help="painting, drawing or texture to paint it like, or a folder of them; several are "
        f"mixed, at most {MAX_STYLES}, unless --each-style or --pairwise is given",
    )
    add(
        "-o",
        "--output",
        action=_Output,
        type=lambda text: (file_name(text), text.endswith(SEPARATORS)),
        required=True,
        metavar="FILE",
        help=f"such as {', '.join(OFFERED)}; a folder for several pictures, or with a slash at its "
        "end; - for standard output; "
        f"for a film {', '.join(FILM_FORMATS)}",
    )


def _add_computing(parser: argparse.ArgumentParser) -> None:
    """Add how and where steps are made, and from which image."""
    add = parser.add_argument

    def choose(option: str, choices: Any, text: str) -> None:
        # Absent where it is not given, so that a settings file stands.
        default = next(iter(choices))
        text = f"{text} (default: {default})"
        add(option, choices=choices, default=argparse.SUPPRESS, help=text)

    choose("--optimizer", OPTIMIZERS, "how to step")
    add(
        "--init",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help=f"first image: {', '.join(INITS)} (default: {INITS[0]}), or the file of a picture, "
        "from which all steps go on at full size",
    )
    add(
        "--seed",
        type=whole,
        metavar="N",
        default=argparse.SUPPRESS,
        help="of the noise (default: 0)",
    )
    add(
        "--device",
        type=str.lower,
        metavar="DEVICE",
        help=f"where to compute: {', '.join(TYPES)}, or one of several as cuda:1 (default: "
        f"{VARIABLE}, else {AUTO}: the first that computes what the CPU does)",
    )
    choose("--network", NETWORKS, "the first is bundled")
    add(
        "--log",
        type=file_name,
        metavar="FILE",
        help="write the losses of each step, one JSON a line",
    )
