"""Timeline: the previews of a run, kept on disk as moments that can be walked through."""

import os
import shutil
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from style_transfer.engine import Frame
from style_transfer.images import open_image, to_pil, to_tensor
from style_transfer.settings import Settings

KEPT = 240  # previews of a run; at 384 px about 15 MB
JPEG_QUALITY = 95  # good enough to go on painting from
GRACE = 16  # files; a browser fetches a preview a little after it was told of it


@dataclass(frozen=True)
class Moment:
    """A preview and the settings that it was made with."""

    step: int
    file: Path
    settings: Settings
    losses: dict[str, float]
    recolored: Path | None = None  # the preview as it is seen, where it keeps the photo's colours

    @property
    def picture(self) -> Tensor:
        """The preview in the painting's colours, (1, 3, H, W)."""
        return to_tensor(open_image(self.file))

    @property
    def seen(self) -> Path:
        """The file of what is seen."""
        return self.recolored or self.file


class Timeline:
    """The moments of a run from first to last, at most `kept` of them, spread evenly."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        """Begin without a moment; the files go into `folder`, which is made."""
        folder.mkdir(parents=True)
        self.folder, self.moments = folder, list[Moment]()
        self._kept, self._count = kept, 0
        self._leaving: deque[Path] = deque()

    def __len__(self) -> int:
        return len(self.moments)

    def add(self, frame: Frame) -> Moment:
        """Keep a frame as the newest moment and return it."""
        moment = Moment(frame.step, self._save(frame.stylized), frame.settings, frame.losses)
        if frame.settings.keep_colors:
            moment = replace(moment, recolored=self._save(frame.picture))
        return self._keep(moment)

    def recolor(self, moment: Moment, picture: Tensor, kept: float) -> Moment:
        """Keep a moment as it is with `kept` of the photo's colours, `picture`, and return it."""
        if moment.recolored:
            self._leave(moment.recolored)
        file = self._save(picture) if kept else None
        new = replace(moment, settings=replace(moment.settings, keep_colors=kept), recolored=file)
        self.moments = [new if each is moment else each for each in self.moments]
        return new

    def begin_with(self, moment: Moment) -> Moment:
        """Keep a copy of a moment of another timeline, byte for byte."""
        file = shutil.copyfile(moment.file, self._next_file())
        seen = shutil.copyfile(moment.recolored, self._next_file()) if moment.recolored else None
        return self._keep(replace(moment, file=file, recolored=seen))

    def nearest(self, step: int) -> int:
        """Return the number of the moment nearest to `step`."""
        return min(range(len(self)), key=lambda n: abs(self.moments[n].step - step))

    def _save(self, picture: Tensor) -> Path:
        file = self._next_file()
        to_pil(picture).save(file, quality=JPEG_QUALITY, subsampling="4:4:4")
        return file

    def _next_file(self) -> Path:
        self._count += 1
        return self.folder / f"{self._count:06}.jpg"

    def _keep(self, moment: Moment) -> Moment:
        self.moments = [*self.moments, moment]  # whole, for those who read it meanwhile
        if len(self.moments) > self._kept:
            self._thin()
        return moment

    def _thin(self) -> None:
        """Leave out the moment that leaves the smallest gap, the oldest of several such."""
        steps = [moment.step for moment in self.moments]
        number = min(range(1, len(steps) - 1), key=lambda n: steps[n + 1] - steps[n - 1])
        left = self.moments[number]
        self.moments = self.moments[:number] + self.moments[number + 1 :]
        self._leave(left.file)
        if left.recolored:
            self._leave(left.recolored)

    def _leave(self, file: Path) -> None:
        self._leaving.append(file)
        if len(self._leaving) > GRACE:
            os.unlink(self._leaving.popleft())
