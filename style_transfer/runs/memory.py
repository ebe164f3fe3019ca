"""How much memory a run takes, as a whole or in blocks."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from style_transfer.engine import LARGE, LARGEST_STYLE, style_image_size

Size = tuple[int, int]  # height, width

# Bytes, measured; tests/runs/test_memory.py and `python -m benchmarks.large` check them.
_NETWORK = 950_000_000  # with its filters as each backend wants them, two threads, and kernels
_PER_PIXEL = 3200  # of the finest stage: activations of VGG-19 up to relu5_1, and gradients
_PER_STYLE_PIXEL = 800  # activations of a style image, for which no gradient is computed
_PER_LARGE_STYLE_PIXEL = 40  # of a style image that is looked at in blocks: itself, and resizing
# Of the finest stage: the pairs of L-BFGS and the images of a step, half of it in gaps of the heap
# between the blocks of several runs.
_PER_HELD_PIXEL = 900
# Of pictures above LARGE pixels, whose pairs have 16 bits, and content features in blocks.
_PER_LARGE_HELD_PIXEL, _PER_LARGE_STEP_PIXEL = 185, 100
_MARGINS = 192  # px, that crops of blocks are longer at most

BLOCK_SIDES = (2048, 1536, 1024, 768, 512, 384, 256)  # px, of blocks that may be chosen


@dataclass(frozen=True)
class RunMemory:
    """The bytes that a run takes at most, beside the program itself."""

    step: int  # during a step: the network and its activations, which all runs use in turn
    held: int  # between two steps
    block: int | None = None  # px, side of the blocks in which steps are made; None: as a whole

    @classmethod
    def of(
        cls,
        size: Size,
        style_sizes: Collection[Size],
        style_scale: float = 1.0,
        block: int | None = None,
    ) -> "RunMemory":
        """Return what a run takes whose picture has `size` (height, width)."""
        pixels = size[0] * size[1]
        scaled = [style_image_size(each, max(size), style_scale) for each in style_sizes]
        style_pixels = max(height * width for height, width in scaled)
        of_style = _PER_STYLE_PIXEL * min(style_pixels, LARGEST_STYLE)
        if style_pixels > LARGEST_STYLE:
            of_style += _PER_LARGE_STYLE_PIXEL * style_pixels
        at_once = pixels if block is None else min(pixels, (block + _MARGINS) ** 2)
        step, held = _PER_PIXEL * at_once, _PER_HELD_PIXEL * pixels
        if pixels > LARGE:
            step = max(step, _PER_LARGE_STEP_PIXEL * pixels)
            held = _PER_LARGE_HELD_PIXEL * pixels
        return cls(_NETWORK + max(step, of_style), held, block)

    @classmethod
    def fitting(
        cls,
        size: Size,
        style_sizes: Collection[Size],
        style_scale: float,
        fits: Callable[["RunMemory"], bool],
    ) -> "RunMemory":
        """Return what a run takes as a whole or, where that does not fit, in the largest blocks.

        Where nothing fits, that in the smallest ones.
        """
        sides = (None, *(side for side in BLOCK_SIDES if side * side < size[0] * size[1]))
        plans = [cls.of(size, style_sizes, style_scale, side) for side in sides]
        return next((plan for plan in plans if fits(plan)), plans[-1])

    @classmethod
    def within(
        cls, free: int | None, size: Size, style_sizes: Collection[Size], style_scale: float
    ) -> "RunMemory":
        """Return what a run takes that has `free` bytes to itself; None: as many as it needs.

        Raises ValueError, one sentence, where it does not fit in the smallest blocks either.
        """
        needed = cls.fitting(
            size, style_sizes, style_scale, lambda plan: free is None or plan.total <= free
        )
        check_memory(size, needed.total, free)
        return needed

    @property
    def total(self) -> int:
        """What a run takes that has the device to itself."""
        return self.step + self.held


def check_memory(size: Size, needed: int, free: int | None) -> None:
    """Raise ValueError, one sentence, where `needed` bytes for a picture are not free."""
    if free is not None and needed > free:
        height, width = size
        raise ValueError(
            f"A picture of {width} x {height} pixels needs {gigabytes(needed)} of memory, and "
            f"{gigabytes(free)} are free; choose a smaller size."
        )


def gigabytes(count: float) -> str:
    """Return a number of bytes in words.

    >>> gigabytes(6_840_000_000)
    '6.8 GB'
    """
    return f"{count / 1e9:.1f} GB"
