"""Films: each frame painted from the one before, moved along optical flow."""

from style_transfer.film.flow import confidence, flow_between, moved
from style_transfer.film.frames import TEMPORAL_WEIGHT, Before, Beginning, FramePainter
from style_transfer.film.keyframes import Keyframes
from style_transfer.film.painted import FilmWatch, PaintedFilm
from style_transfer.film.painting import paint_film
from style_transfer.film.reading import VIDEO_SUFFIXES, is_animation, open_film
from style_transfer.film.writing import FILM_FORMATS

__all__ = [
    "FILM_FORMATS",
    "TEMPORAL_WEIGHT",
    "VIDEO_SUFFIXES",
    "Before",
    "Beginning",
    "FilmWatch",
    "FramePainter",
    "Keyframes",
    "PaintedFilm",
    "confidence",
    "flow_between",
    "is_animation",
    "moved",
    "open_film",
    "paint_film",
]
