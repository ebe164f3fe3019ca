"""Arguments: what the command line takes."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import NoReturn

from style_transfer.engine import INITS, OPTIMIZERS, STYLE_COLORS, default_size
from style_transfer.losses import STATISTICS
from style_transfer.network import NETWORKS, POOLINGS
from style_transfer.settings import MAX_STYLES, Settings

USAGE_ERROR = 2  # exit code of a mistake that the user can mend


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options in `arguments`, by default those that the program was called with.

    What cannot be read ends the program with a sentence and USAGE_ERROR.
    """
    return _parser().parse_args(arguments)


def settings_in(options: argparse.Namespace) -> Settings:
    """Return the settings among the options. Raises ValueError for values out of range."""
    names = {field.name for field in fields(Settings)} & vars(options).keys()
    return Settings(**{name: getattr(options, name) for name in names})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        words = " ".join(message.split())
        self.exit(USAGE_ERROR, f"style_transfer: {words} (--help lists the options)\n")


class _Layers(argparse.Action):
    """Reads `relu1_1 relu2_1=0.5` as layers with a weight each."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        layers = {}
        for value in values:
            name, _, weight = value.partition("=")
            try:
                layers[name] = float(weight or 1)
            except ValueError:
                parser.error(f"the weight {weight!r} of {name} is not a number")
        setattr(namespace, self.dest, layers)


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = _Parser(
        prog="python -m style_transfer",
        description="Turn a photo into a picture in the style of a painting.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("photo", type=Path, metavar="PHOTO", help="picture to be painted")
    add(
        "styles",
        type=Path,
        metavar="STYLE",
        nargs="+",
        help=f"painting, drawing or texture to paint it like; at most {MAX_STYLES}",
    )
    add("-o", "--output", type=Path, required=True, metavar="FILE", help=".png, .jpg or .webp")
    add("--alpha", type=float, default=default.alpha, help="weight of the photo")
    add("--beta", type=float, default=default.beta, help="weight of the painting")
    add("--tv", type=float, default=default.tv, help="weight of smoothness")
    add("--steps", type=int, default=default.steps, help="how many steps to make")
    add("--size", type=_size, default=default_size(), help="longer side of the picture in pixels")
    add(
        "--content-layer", default=default.content_layer, metavar="LAYER", help="relu1_1 to relu5_4"
    )
    add(
        "--style-layers",
        nargs="+",
        action=_Layers,
        default=dict(default.style_layers),
        metavar="LAYER[=WEIGHT]",
        help="layers to match the style at",
    )
    add(
        "--style-weights",
        type=float,
        nargs="+",
        default=default.style_weights,
        metavar="WEIGHT",
        help="of each STYLE; their ratios matter",
    )
    add(
        "--style-scale",
        type=float,
        default=default.style_scale,
        help="size of the brush strokes, 0.25 to 4",
    )
    add("--match-colors", action="store_true", help="give the STYLE the photo's colours first")
    add(
        "--keep-colors",
        type=float,
        default=default.keep_colors,
        help="how many of the photo's colours the picture keeps, 0 to 1",
    )
    colors = ", ".join(STYLE_COLORS)
    add(
        "--mask",
        type=Path,
        metavar="FILE",
        help="picture over the photo: black leaves it, white "
        f"paints it, greys less so; {colors} paint it in the first, second ... STYLE alone",
    )
    add("--statistic", choices=STATISTICS, default=default.statistic, help="what makes the style")
    add("--optimizer", choices=OPTIMIZERS, default="lbfgs", help="how to step")
    add("--init", choices=INITS, default="content", help="first image")
    add("--seed", type=int, default=0, help="of the noise")
    add("--network", choices=NETWORKS, default=NETWORKS[0], help="the first is bundled")
    add("--pooling", choices=POOLINGS, default=POOLINGS[0], help="how the network reduces")
    add("--log", type=Path, metavar="FILE", help="write the losses of each step, one JSON a line")
    return parser


def _size(text: str) -> int:
    size = int(text)
    if size < 32:
        raise argparse.ArgumentTypeError(f"{size} is too small; at least 32 pixels are needed")
    return size
