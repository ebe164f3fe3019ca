"""The frames of a film that are painted, in a folder beside it until it is finished."""

import json
from fractions import Fraction
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from style_transfer.engine import save_tensors
from style_transfer.film.output import LAST, FilmOutput
from style_transfer.film.reading import Film
from style_transfer.film.writing import Painting, write_film
from style_transfer.images import save
from style_transfer.network import TimingCache

_FORMAT = "style-transfer-film-1"


class FilmCheckpoint:
    """Painted frames as PNG, and what the next frame is painted from."""

    def __init__(self, output: FilmOutput, checksum: str) -> None:
        """Find the frames of an interrupted run; the checksum is that of all that makes the film.

        Frames of another film of that name are removed once there is one of this film.
        """
        self._output, self.folder = output, output.frames_of(checksum)
        self.paintings: list[Painting] = []
        self.image: Tensor | None = None  # (1, 3, H, W), the last one without masks, as a run ends
        self.timings = TimingCache()
        self._load()

    def _load(self) -> None:
        try:
            with safe_open(self.folder / LAST, framework="pt") as content:
                metadata = content.metadata() or {}
                if metadata.get("format") != _FORMAT:
                    return
                times = [[Fraction(t) for t in pair] for pair in json.loads(metadata["times"])]
                image = content.get_tensor("image").clone()
                timings = TimingCache.from_dict(json.loads(metadata["timings"]))
        except (OSError, SafetensorError, KeyError, ValueError):
            return
        paintings = [Painting(self._file(n), *pair) for n, pair in enumerate(times)]
        if all(painting.file.is_file() for painting in paintings):
            self.paintings, self.image, self.timings = paintings, image, timings

    def add(
        self, picture: Tensor, image: Tensor, begin: Fraction, end: Fraction, timings: TimingCache
    ) -> None:
        """Write the next frame: how it is shown, and how it is gone on from.

        Raises OSError, one sentence that names the folder.
        """
        painting = Painting(self._file(len(self.paintings)), begin, end)
        paintings = [*self.paintings, painting]
        times = [[str(each.begin), str(each.end)] for each in paintings]
        words = {"format": _FORMAT, "times": json.dumps(times)}
        words["timings"] = json.dumps(timings.as_dict())
        try:
            self.folder.mkdir(exist_ok=True)
            save(picture, painting.file)
            save_tensors({"image": image.detach().cpu()}, self.folder / LAST, words)
        except OSError as error:
            reason = error.strerror or str(error).rstrip(".")
            number = len(paintings)
            raise OSError(f"frame {number} cannot be kept in {self.folder} ({reason}).") from error
        self.paintings, self.image = paintings, image
        self._output.remove_frames(but_of=self.folder)

    def write(self, source: Path, film: Film, is_whole: bool) -> tuple[Path | None, str]:
        """Write the film of these frames, whole or so far, with the sound of `source`.

        Returns where it is, None where it is nowhere, and a sentence on what is missing or "".
        """
        import av  # an extra

        if not self.paintings:
            return None, ""
        place = self._output.file if is_whole else self._output.place_so_far()
        try:
            words = write_film(self.paintings, place, source, film)
        except (ValueError, OSError, av.FFmpegError) as error:
            reason = getattr(error, "strerror", None) or error
            words = f"{place} cannot be written ({reason}); the painted frames are in "
            return None, f"{words}{self.folder}"
        if is_whole:
            self._output.finish()
        else:
            self._output.wrote_so_far(place, self.folder)
        return place, words

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}.png"
