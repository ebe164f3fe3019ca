"""paint_film(): a film in a file to a painted film in a file."""

import json
import time
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from style_transfer.batch import (
    DIVERGED,
    INTERRUPTED,
    PAINTED,
    SKIPPED,
    Request,
    read_styles,
    sentence,
)
from style_transfer.checks import path, paths, weight
from style_transfer.engine import (
    INITS,
    Frame,
    MultiscaleObjective,
    chosen_device,
    default_device,
    default_size,
    in_blocks,
)
from style_transfer.film.checkpoint import FilmCheckpoint
from style_transfer.film.extras import check_extras
from style_transfer.film.frames import (
    TEMPORAL_WEIGHT,
    Before,
    Beginning,
    FramePainter,
    refined_steps,
)
from style_transfer.film.keyframes import Keyframes
from style_transfer.film.output import FilmOutput, checksum_of
from style_transfer.film.painted import FilmWatch, PaintedFilm, Unwatched
from style_transfer.film.reading import open_film
from style_transfer.film.writing import check_size
from style_transfer.images import painted_size
from style_transfer.network import check_content_layer, check_layers, load_network
from style_transfer.runs import RunMemory, available_memory
from style_transfer.settings import Settings

File = str | PathLike[str]
_NO_KEYFRAMES = Keyframes({})


def paint_film(
    film: File,
    styles: File | Iterable[File],
    output: File,
    request: Request | None = None,
    *,
    keyframes: Keyframes = _NO_KEYFRAMES,
    temporal: float = TEMPORAL_WEIGHT,
    watch: FilmWatch | None = None,
) -> PaintedFilm:
    """Paint a film, or an animation, and return what became of it.

    Each frame starts from the one before, moved along optical flow, and is held to it where the
    flow is certain, by the weight `temporal` of that term. The first frame, and the first one of
    another scene, is painted like a photo. `output` has one of the endings of FILM_FORMATS; sound
    is copied where the format has any, or coded anew. Of the `request` all serves but strokes and
    what is for files of pictures; the `keyframes` change its settings along the film.

    Painted frames are kept in a folder beside the output until the film is finished, so that the
    same call goes on where it was interrupted. After KeyboardInterrupt, and where a frame cannot be
    painted, `output` is the film so far; where another film stood there, that stays, and the answer
    tells where the film so far is. Raises ValueError or OSError, one sentence, for a mistake in the
    arguments; KeyboardInterrupt where there is no frame yet.
    """
    check_extras()
    painter = _FilmPainter(
        path("a film", film),
        paths("a style", styles),
        path("output", output),
        request or Request(),
        keyframes,
        weight("temporal", temporal),
    )
    return painter.paint(watch or Unwatched())


class _FilmPainter:
    """A film that is read and checked."""

    def __init__(
        self,
        file: Path,
        styles: list[Path],
        output: Path,
        request: Request,
        keyframes: Keyframes,
        temporal: float,
    ) -> None:
        """Raises ValueError or OSError for a mistake in what is given."""
        self._file, self._request = file, request
        self._keyframes, self._temporal = keyframes, temporal
        inputs = [file, *styles, *([request.mask] if request.mask else [])]
        self._output = FilmOutput(output, inputs)
        if request.init not in INITS:
            raise ValueError("The first frame of a film cannot be a picture (init).")
        device = chosen_device(request.device) if request.device else default_device()
        self._film = open_film(file, request.background or "white")
        side = request.size or default_size(device)
        self._size = painted_size(self._film.size, side, request.enlarge)
        self._styles = read_styles(styles, request.mask)
        self._styles.check(torch.empty(1, 3, *self._size, device="meta"))
        self._network = load_network(request.network, device)
        keyframes.check(request.settings, self._check)
        self._block = self._side_of_blocks()
        check_size(output, self._size, self._film)  # makes a frame, so that it has to fit first

    def paint(self, watch: FilmWatch) -> PaintedFilm:
        """Paint all frames, or those that are left, and write the film."""
        if self._request.skip_existing and self._output.is_finished:
            return PaintedFilm(SKIPPED, self._output.file)
        self._output.check_folder()
        began, checkpoint = time.perf_counter(), FilmCheckpoint(self._output, self._checksum())
        watch.begin(len(checkpoint.paintings), self._film.count)
        status, message = PAINTED, ""
        try:
            try:
                self._paint_frames(checkpoint, watch)
            finally:  # before any other handling: a signal that comes from here on raises nothing
                watch.finish()
        except KeyboardInterrupt:
            if not checkpoint.paintings:
                raise
            status = INTERRUPTED
        except (ValueError, OSError) as error:
            status, message = DIVERGED, str(error)
        except Exception as error:
            status, message = DIVERGED, sentence(error, 1, self._size)
        place, words = checkpoint.write(self._file, self._film, status == PAINTED)
        if status == DIVERGED and place and place != self._output.file:
            words = f"The film so far is in {place}. {words}"
        message = " ".join(filter(None, (message, self._told_of_frames(), words)))
        count, seconds = len(checkpoint.paintings), time.perf_counter() - began
        return PaintedFilm(status, place, count, self._film.count, message, seconds)

    def _paint_frames(self, checkpoint: FilmCheckpoint, watch: FilmWatch) -> None:
        network, done = self._network, len(checkpoint.paintings)
        if done:  # bit for bit the same needs the same backends
            network = network.with_timings(network.timings.updated(checkpoint.timings))
        request = self._request
        painter = FramePainter(
            network,
            self._styles,
            Beginning(str(request.init), request.optimizer, request.seed),
            self._temporal,
            in_blocks(self._block) if self._block else MultiscaleObjective,
        )
        content: Tensor | None = None
        for number, source in enumerate(self._film.frames(self._size)):
            last, content = content, source.image.to(network.device)
            if number < done:
                continue
            before = None
            if last is not None and checkpoint.image is not None:
                before = Before(last, checkpoint.image.to(network.device))
            settings = self._settings(number)
            for frame in painter.paint(content, before, settings):
                if frame.losses:
                    watch.step(number, frame, self._steps_left(number, frame))
            checkpoint.add(frame.picture, frame.image, source.begin, source.end, network.timings)
            # Or the same call in another process would measure anew, and might round differently.
            network.remember_timings()

    def _told_of_frames(self) -> str:
        """Return sentences on frames that the film cannot have, or ""."""
        film, name = self._film, self._file.name
        kinds = {"frames whose times had passed": film.left_out, "damaged frames": film.damaged}
        told = [f"{name}: {what} are left out, {n} in all." for what, n in kinds.items() if n]
        return " ".join(told)

    def _side_of_blocks(self) -> int | None:
        """Return the side of blocks in px in which steps are made, None where frames fit whole."""
        free = available_memory(str(self._network.device))
        sizes = [(image.shape[-2], image.shape[-1]) for image in self._styles.images]
        return RunMemory.within(free, self._size, sizes, self._settings(0).style_scale).block

    def _check(self, settings: Settings) -> None:
        settings.check_styles(len(self._styles.images))
        check_content_layer(self._network.name, settings.content_layer)
        check_layers(self._network.name, settings.style_layers)

    def _settings(self, number: int) -> Settings:
        return self._keyframes.at(number, self._request.settings)

    def _steps_left(self, number: int, frame: Frame) -> int:
        """Return how many steps are left unless another scene begins."""
        of_others = refined_steps(frame.content, frame.settings)
        frames = max(0, self._film.count - number - 1)
        return frame.settings.steps - frame.step + frames * of_others

    def _checksum(self) -> str:
        """Return a checksum of all that makes the film."""
        request = self._request
        how = {
            "film": checksum_of(self._file),
            "styles": self._styles.fingerprint,
            "settings": request.settings.as_dict(),
            "keyframes": self._keyframes.as_dict(),
            "temporal": self._temporal,
            "size": self._size,
            "background": request.background,
            "run": [request.init, request.optimizer, request.seed, request.network],
        }
        return f"{zlib.crc32(json.dumps(how).encode()):08x}"
