"""Does a change make pictures better? Paints pairs, measures them, and shows them side by side.

    python -m benchmarks.quality [--set beta=8 statistic=gram] [--sheet FILE]
    python -m benchmarks.quality --variant gram:statistic=gram smooth:tv=2,beta=8 --out FOLDER
    python -m benchmarks.quality --variant gram:statistic=gram wide:style_scale=2 --content 0.7
    python -m benchmarks.quality --pairs FOLDER --also FOLDER:PREFIX --against FOLDER:PREFIX

Pairs are sample photos and paintings, or c0.jpg, s0.jpg, c1.jpg ... of the folder of --pairs. Each
is painted by each variant; settings are written as in links. With --also, pictures of the pairs
that somebody else made, PREFIX.0.jpg, PREFIX.1.png ..., are measured and shown, too. With --against
each variant moves beta during its runs until its C is no higher than that of such pictures: then S,
N and H can be compared, and the last lines tell on how many pairs ours is lower. With --content the
mean C of each variant is brought to a number, by a beta for all pairs that is found by trying.

Prints a JSON line for each picture with its measures (see measures.py; smaller is better) and the
seconds it took, and a table of means. What is in the folder of --out is read, not painted again.
"""

import argparse
import tempfile
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from benchmarks.contenders import table
from benchmarks.quality.measures import Measures
from benchmarks.quality.painting import Painter, parsed_settings, parsed_variant
from benchmarks.quality.pairs import Pair, pairs_in, samples
from benchmarks.quality.results import Result, as_content_of, given, painted, with_mean_content
from benchmarks.samples import save_sheet
from style_transfer.images import to_tensor
from style_transfer.settings import Settings


def means(results: list[Result]) -> str:
    """Return a table with the mean measures of each name."""
    by_name = defaultdict[str, list[Measures]](list)
    for result in results:
        by_name[result.name].append(result.measures)
    rows = [
        {"name": name, "pairs": len(found)} | asdict(Measures.mean(found))
        for name, found in by_name.items()
    ]
    return table(rows)


def comparison(ours: str, theirs: str, results: list[list[Result]]) -> str:
    """Return on how many pairs each measure of ours is the lower one, in a line."""
    pairs = [{result.name: asdict(result.measures) for result in found} for found in results]
    pairs = [found for found in pairs if theirs in found]
    counts = (
        f"{name} on {sum(found[ours][name] < found[theirs][name] for found in pairs)}"
        for name in "SCNH"
    )
    return f"{ours} is lower than {theirs} in {', '.join(counts)} of {len(pairs)} pairs"


def folder_and_prefix(text: str) -> tuple[Path, str]:
    """Return both parts of FOLDER:PREFIX."""
    folder, _, prefix = text.rpartition(":")
    if not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {folder!r}; write FOLDER:PREFIX")
    return Path(folder), prefix


def parsed_arguments() -> tuple[argparse.Namespace, Painter, list[Pair]]:
    """Return the options, and the painter and the pairs that they ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, help="folder; default: the samples")
    parser.add_argument("--numbers", type=int, nargs="+", help="of pairs; default: all")
    parser.add_argument("--size", type=int, default=512, help="longest side in px")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="in all variants")
    parser.add_argument("--variant", nargs="+", default=["default"], metavar="NAME:KEY=VALUE,...")
    for name in ("--also", "--against"):
        metavar = "FOLDER:PREFIX"
        parser.add_argument(name, nargs="+", default=[], type=folder_and_prefix, metavar=metavar)
    parser.add_argument("--content", type=float, metavar="C", help="the mean of each variant")
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp()), help="folder")
    parser.add_argument("--sheet", type=Path, help="JPEG with all pictures side by side")
    options = parser.parse_args()
    try:
        start = parsed_settings(options.set, Settings(steps=options.steps))
        variants = dict(parsed_variant(text, start) for text in options.variant)
    except ValueError as error:
        parser.error(str(error))
    pairs = pairs_in(options.pairs, options.numbers) if options.pairs else samples(options.numbers)
    return options, Painter(variants, options.size, options.out), pairs


def main() -> None:
    """Paint, measure and print."""
    options, painter, pairs = parsed_arguments()
    found = [given(pair, options.also) for pair in pairs]
    if options.content:
        for name in painter.variants:
            same = with_mean_content(pairs, painter, name, options.content)
            found = [[*one, *other] for one, other in zip(found, same, strict=True)]
    else:
        for pair, results in zip(pairs, found, strict=True):
            goals = given(pair, options.against)
            results += goals
            if goals or not options.against:
                results += painted(pair, painter, goals)
    print(means([result for each in found for result in each]))
    for _, theirs in options.against:
        for name in painter.variants:
            print(comparison(as_content_of(name, theirs), theirs, found))
    if options.sheet:
        rows = [sheet_row(*each) for each in zip(pairs, found, strict=True)]
        save_sheet(options.sheet, rows, options.size)


def sheet_row(pair: Pair, results: list[Result]) -> list[tuple[str, Tensor]]:
    """Return the pictures of a pair with their captions."""
    inputs = [(f"photo {pair.number}", pair.photo), ("painting", pair.painting)]
    made = [(result.caption, result.picture) for result in results]
    return [(caption, to_tensor(picture)) for caption, picture in inputs + made]


if __name__ == "__main__":
    main()
