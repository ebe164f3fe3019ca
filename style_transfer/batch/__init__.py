"""Batches: photos in files to pictures in files, as the command line paints them."""

from style_transfer.batch.inputs import read_styles
from style_transfer.batch.paint_files import SEPARATORS, paint_files, paint_jobs, prepare
from style_transfer.batch.painting import (
    DIVERGED,
    INTERRUPTED,
    PAINTED,
    REFUSED,
    SKIPPED,
    Painted,
    Watch,
    sentence,
)
from style_transfer.batch.planning import PAIRINGS, STREAM, PictureJob, files_in, jobs_of
from style_transfer.batch.request import SPACES, Request, checked_dpi
from style_transfer.batch.writing import check_apart

__all__ = [
    "DIVERGED",
    "INTERRUPTED",
    "PAINTED",
    "PAIRINGS",
    "REFUSED",
    "SEPARATORS",
    "SKIPPED",
    "SPACES",
    "STREAM",
    "Painted",
    "PictureJob",
    "Request",
    "Watch",
    "check_apart",
    "checked_dpi",
    "files_in",
    "jobs_of",
    "paint_files",
    "paint_jobs",
    "prepare",
    "read_styles",
    "sentence",
]
