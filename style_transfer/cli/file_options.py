"""Options for the files of pictures, and for many of them."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from style_transfer.checks import path
from style_transfer.cli.knob_options import add_off, number, whole
from style_transfer.film import TEMPORAL_WEIGHT
from style_transfer.images import COLOUR_SPACES, DEPTHS

COMMAND = "style-transfer"  # as it is installed
SHELLS = ("bash", "zsh", "tcsh")


class _Completion(argparse.Action):
    """Prints a script for the shell, and ends."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            import shtab  # an extra
        except ModuleNotFoundError:
            parser.error(f"{option_string} needs shtab; pip install shtab")
        parser.prog = COMMAND  # under which the shell knows it, be this `python -m style_transfer`
        print(shtab.complete(parser, str(values)))
        parser.exit()


def file_name(text: str) -> Path:
    """Return the path that a text says. Raises ArgumentTypeError for "", an unset variable."""
    try:
        return path("this", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how photos are read and pictures are written."""
    group = parser.add_argument_group("files")
    add = group.add_argument
    text = "enlarge a photo that is smaller than --size"
    add("--enlarge", action="store_true", default=argparse.SUPPRESS, help=text)
    add_off(add, "enlarge")
    add("--page", type=whole, metavar="N", help="page of a TIFF (default: the first full picture)")
    add(
        "--depth",
        type=whole,
        choices=DEPTHS,
        default=DEPTHS[0],
        help="bits a channel of the picture; 16 as PNG or TIFF (default: %(default)s)",
    )
    spaces = tuple(COLOUR_SPACES)
    add(
        "--color-space",
        choices=(*spaces, "photo"),
        default=spaces[0],
        help="of the picture, whose profile it gets; photo: that of the photo's profile "
        "(default: %(default)s)",
    )
    add(
        "--background",
        metavar="COLOR",
        help="lay what is transparent on a colour such as white or '#f4ecd8' (default: it stays "
        "transparent where the format has that, else white)",
    )
    add(
        "--dpi",
        type=number,
        metavar="N",
        help="pixels an inch of paper, written into the picture (default: the photo's)",
    )
    add("--keep-exif", action="store_true", help="keep what the camera wrote, its place included")


def add_film_options(parser: argparse.ArgumentParser) -> None:
    """Add what is for films."""
    group = parser.add_argument_group("films")
    group.add_argument(
        "--keyframes",
        type=file_name,
        metavar="FILE",
        help='values of knobs at some frames, such as {"0": {"beta": 4}, "48": {"beta": 12}}',
    )
    group.add_argument(
        "--temporal",
        type=number,
        metavar="WEIGHT",
        help=f"how much a frame is held to the one before (default: {TEMPORAL_WEIGHT:g})",
    )


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add what is for several pictures, and for scripts."""
    group = parser.add_argument_group("several pictures, and scripts")
    add = group.add_argument
    add(
        "--photos",
        type=file_name,
        nargs="+",
        default=[],
        metavar="PHOTO",
        help="more photos, or folders of them",
    )
    pairing = group.add_mutually_exclusive_group()
    for option, value, text in (
        ("--each-style", "each", "paint each photo in every STYLE by itself"),
        ("--pairwise", "pairwise", "paint the first photo like the first STYLE and so on"),
    ):
        pairing.add_argument(
            option, dest="pairing", action="store_const", const=value, default="mix", help=text
        )
    add(
        "--betas",
        type=number,
        nargs="+",
        default=[],
        metavar="BETA",
        help="paint each picture with several amounts of paint",
    )
    add(
        "--contact-sheet",
        type=file_name,
        metavar="FILE",
        help="write all pictures of the command side by side, small and with their names",
    )
    add(
        "--name",
        metavar="PATTERN",
        help="of the pictures in a folder, from {photo}, {style}, {beta} and {number} "
        "(default: {photo}-{style}.png)",
    )
    add("--skip-existing", action="store_true", help="leave alone pictures that are finished")
    add(
        "--resume",
        action="store_true",
        help="keep a checkpoint beside the picture while it is painted, and go on from the one "
        "that is there",
    )
    _add_script_options(add)


def _add_script_options(add: Callable[..., Any]) -> None:
    add(
        "--settings",
        type=file_name,
        metavar="FILE",
        help="begin with the settings of a settings file or of a picture made here",
    )
    add("--json", action="store_true", help="print a JSON object for each picture")
    add(
        "--print-completion",
        action=_Completion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print a script that completes options in {', '.join(SHELLS)}, and end",
    )
