"""The command line: python -m style_transfer PHOTO STYLE -o out.png"""

import argparse
import json
import sys
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

from style_transfer.batch import (
    INTERRUPTED,
    REFUSED,
    STREAM,
    Painted,
    PictureJob,
    Request,
    paint_jobs,
    prepare,
)
from style_transfer.checks import in_words
from style_transfer.cli.console import complain
from style_transfer.cli.film import is_film, run_film
from style_transfer.cli.parser import (
    EXIT_DIVERGED,
    EXIT_INTERRUPTED,
    EXIT_NOT_AS_ASKED,
    EXIT_USAGE_ERROR,
    parse,
)
from style_transfer.cli.reporter import Reporter
from style_transfer.cli.request import fitted, jobs_in, recipe_in, request_in
from style_transfer.images import check_output, save_contact_sheet
from style_transfer.interruption import Interruption


def run_command(arguments: list[str] | None = None) -> int:
    """Do what the arguments say, by default those of the program, and return the exit code.

    0: the picture is saved, be it that of an interrupted run. EXIT_USAGE_ERROR: a mistake in the
    arguments. EXIT_DIVERGED: no finite loss could be reached, or memory ended; the last good
    picture is saved; or one of several pictures failed. EXIT_NOT_AS_ASKED: the picture is under
    another name, or nowhere. EXIT_INTERRUPTED: there is none, or not all of several.
    """
    with Interruption() as interruption:
        try:
            return _run(parse(arguments), interruption)
        except KeyboardInterrupt:
            complain("interrupted before there was a picture")
            return EXIT_INTERRUPTED


class _Done(NamedTuple):
    """What is told of a picture; its images, of hundreds, would fill the memory."""

    painted: Painted  # without its frame
    record: dict[str, Any]


def _run(options: argparse.Namespace, interruption: Interruption) -> int:
    try:
        if is_film(options):
            return run_film(options, interruption)
        recipe = recipe_in(options)
        request = request_in(options, recipe)
        jobs = jobs_in(options, request)
        photos, styles = {job.photo for job in jobs}, max(len(job.styles) for job in jobs)
        request, notes = fitted(request, recipe, options, len(photos), styles)
        _prepare(options, jobs, request)
        reporter = Reporter(len(jobs), options.log, interruption)
    except (ValueError, OSError) as error:
        complain(in_words(error))
        return EXIT_USAGE_ERROR
    for words in notes:
        complain(words)
    done, stopped = list[_Done](), False
    with closing(reporter):
        try:
            for painted in paint_jobs(jobs, request, reporter):
                done.append(_Done(replace(painted, frame=None), _record(painted)))
                reporter.painted(painted)
                if len(done) < len(jobs) and painted.status != INTERRUPTED:
                    reporter.go_on()
        except KeyboardInterrupt:
            if not done:
                raise
            stopped = True
    for each in done:
        _tell(each, options)
    finished = [each.painted for each in done]
    has_sheet = _write_sheet(options, finished)
    return _exit_code(jobs, finished, stopped) or (0 if has_sheet else EXIT_NOT_AS_ASKED)


def _prepare(options: argparse.Namespace, jobs: list[PictureJob], request: Request) -> None:
    """Make folders; raise ValueError, one sentence, where files could not be written, or only over
    each other or an input.
    """
    if options.json and STREAM in [job.output for job in jobs]:
        raise ValueError("With --json the picture cannot be on standard output, too.")
    outputs = {"log": options.log, "contact sheet": options.contact_sheet}
    outputs = {what: file for what, file in outputs.items() if file}
    prepare(jobs, request, outputs, [options.settings] if options.settings else [])
    if options.contact_sheet:
        check_output(options.contact_sheet)


def _tell(done: _Done, options: argparse.Namespace) -> None:
    """Say what became of a picture, as far as it was not said while it was painted."""
    painted, record = done
    if options.json:
        print(json.dumps(record), flush=True)
    if painted.status == REFUSED:
        complain(painted.message)
    elif painted.status == INTERRUPTED and painted.place and not options.json:
        stream = sys.stderr if painted.place == STREAM else sys.stdout
        step = record["step"]
        print(
            f"Interrupted after step {step}; {painted.place} holds the picture so far.", file=stream
        )


def _record(painted: Painted) -> dict[str, Any]:
    job, frame = painted.job, painted.frame
    record: dict[str, Any] = {
        "photo": str(job.photo),
        "styles": [str(style) for style in job.styles],
        "picture": str(painted.place) if painted.place else None,
        "status": painted.status,
        "message": painted.message,
        "seconds": round(painted.seconds, 3),
    }
    if frame is not None:
        height, width = frame.content.shape[-2:]
        record |= {"step": frame.step, "height": height, "width": width, "losses": frame.losses}
    return record


def _write_sheet(options: argparse.Namespace, done: list[Painted]) -> bool:
    """Write the contact sheet, if one is asked for; return whether it is as asked."""
    files = [painted.place for painted in done if painted.place and painted.place != STREAM]
    if options.contact_sheet and files:
        try:
            save_contact_sheet(files, options.contact_sheet)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            complain(f"{options.contact_sheet}: the contact sheet cannot be written ({reason})")
            return False
    return True


def _exit_code(jobs: list[PictureJob], done: list[Painted], stopped: bool) -> int:
    if len(jobs) > 1:
        if failed := [painted for painted in done if painted.failed]:
            count = f"{len(failed)} of {len(jobs)}"
            complain(f"{count} pictures failed, as told above")
            return EXIT_DIVERGED
        return EXIT_INTERRUPTED if stopped or len(done) < len(jobs) else 0
    (painted,) = done
    if painted.status == REFUSED:
        return EXIT_USAGE_ERROR
    if painted.failed and painted.place == painted.job.output:
        return EXIT_DIVERGED
    return 0 if painted.place == painted.job.output else EXIT_NOT_AS_ASKED
