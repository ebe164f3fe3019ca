"""paint_files(): photos in files to pictures in files, in turn or spread over workers."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from style_transfer.batch.checkpoints import checkpoints_of
from style_transfer.batch.painting import INTERRUPTED, SKIPPED, Painted, Painter, Watch
from style_transfer.batch.planning import PAIRINGS, PictureJob, jobs_of
from style_transfer.batch.request import Request
from style_transfer.batch.writing import check_all_apart
from style_transfer.checks import path, paths
from style_transfer.engine import Frame
from style_transfer.recipe import read_recipe
from style_transfer.runs import Estimate, Executor, RunClock

SEPARATORS = tuple(each for each in (os.sep, os.altsep) if each)  # end the name of a folder
Paths = str | PathLike[str] | Iterable[str | PathLike[str]]


class Unwatched:
    """A watch that takes no notice."""

    def begin(self, job: PictureJob, first: Frame, clock: RunClock, estimate: Estimate) -> None:
        pass

    def step(self, frame: Frame, seconds: float) -> None:
        pass

    def finish(self) -> None:
        pass

    def tell(self, sentence: str) -> None:
        pass


def paint_files(
    photos: Paths,
    styles: Paths,
    output: str | PathLike[str],
    request: Request | None = None,
    *,
    pairing: str = PAIRINGS[0],
    betas: Iterable[float] = (),
    pattern: str | None = None,
    watch: Watch | None = None,
    executor: Executor | None = None,
) -> Iterator[Painted]:
    """Yield what became of each picture, as soon as it is saved.

    `photos` and `styles` are files or folders, one or several. `pairing` is one of PAIRINGS: "mix"
    paints each photo in all styles together, "each" in every one by itself, "pairwise" the first
    photo in the first style and so on. `betas` paint each of these pictures with several amounts of
    paint. `output` is a file, or for several pictures a folder, in which they are named by the
    `pattern` with {photo}, {style}, {beta} and {number}. The `request` says how all of them are
    painted and written; `watch` is told of every step. An `executor` with several workers, see
    `open_executor`, has a picture painted by each of them, all at once, which nothing can watch.

    A picture that cannot be painted is told in its answer, and the others go on. Raises ValueError,
    one sentence, before the first one where the arguments make no pictures, or one that would
    overwrite a photo, a style or another input; KeyboardInterrupt after the answer for an
    interrupted picture, which is saved as far as it came, if it came to a step.
    """
    request = request or Request()
    if executor and request.device:
        raise ValueError(f"An executor has its own devices; leave out {request.device!r}.")
    at_once = len(executor.load(0)) if executor else 1
    if watch and at_once > 1:
        raise ValueError(f"Of {at_once} pictures at once none can be watched.")
    jobs = jobs_of(
        paths("a photo", photos),
        paths("a style", styles),
        path("output", output),
        request.settings,
        pairing=pairing,
        betas=betas,
        pattern=pattern,
        into_folder=os.fspath(output).endswith(SEPARATORS),
    )
    prepare(jobs, request)
    yield from paint_jobs(jobs, request, watch or Unwatched(), executor, at_once)


def prepare(
    jobs: Iterable[PictureJob],
    request: Request,
    outputs: Mapping[str, Path] = MappingProxyType({}),
    inputs: Iterable[Path] = (),
) -> None:
    """Make the folders of pictures. Raises ValueError, one sentence, where one cannot be made.

    Before, also where something would be written over an input, be it of a later job, or over
    another output. There may be further `inputs`, and `outputs` by what they are.
    """
    jobs = list(jobs)
    read = [file for job in jobs for file in (job.photo, *job.styles)]
    read += [file for file in (request.mask, request.init) if isinstance(file, Path)]
    pictures = [("picture", job.output) for job in jobs]
    check_all_apart([*pictures, *outputs.items()], [*read, *inputs])
    for folder in {job.output.parent for job in jobs if job.in_folder}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder}: this folder cannot be made ({error.strerror}).") from None


def paint_jobs(
    jobs: Sequence[PictureJob],
    request: Request,
    watch: Watch,
    executor: Executor | None = None,
    at_once: int = 1,
) -> Iterator[Painted]:
    """Yield what became of each job that `prepare` was given; see `paint_files`."""
    painter = Painter(request, executor)

    def paint(job: PictureJob) -> Painted:
        if request.skip_existing and is_finished(job.output):
            return Painted(job, SKIPPED, job.output)
        return painter.paint(job, watch)

    if at_once > 1:
        yield from _spread(jobs, paint, painter, at_once)
        return
    for job in jobs:
        painted = paint(job)
        yield painted
        if painted.status == INTERRUPTED:
            raise KeyboardInterrupt


def _spread(
    jobs: Sequence[PictureJob],
    paint: Callable[[PictureJob], Painted],
    painter: Painter,
    at_once: int,
) -> Iterator[Painted]:
    """Yield what became of each job as soon as it is done, with so many under way."""
    with ThreadPoolExecutor(at_once, "painting") as threads:
        left = {threads.submit(paint, job) for job in jobs}
        try:
            for done in as_completed(list(left)):
                left.remove(done)
                yield done.result()
        except KeyboardInterrupt:
            under_way = [each for each in left if not each.cancel()]
            painter.interrupt()
            for each in under_way:
                if not isinstance(each.exception(), KeyboardInterrupt):  # before its first step
                    yield each.result()
            raise
        finally:  # also where something failed, or nobody asks for further answers
            for each in left:
                each.cancel()
            painter.interrupt()


def is_finished(output: Path) -> bool:
    """Tell whether a picture is there, and not that of an interrupted run."""
    if not output.is_file() or checkpoints_of(output):
        return False
    try:
        recipe = read_recipe(output)
    except ValueError:  # made by something else, or of a format without a text
        return True
    return recipe.step >= recipe.settings.steps
