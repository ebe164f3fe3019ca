"""TIFF: which of its pictures is read, and what its tags say of the levels."""

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from style_transfer.picture_files.refusals import RAW_PHOTO, RefusedError

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_ORIENTATION, _PLANES, _SUB_DIRECTORIES, _SAMPLE_FORMAT = 274, 284, 330, 339
_YCBCR = 6
_MOST_PAGES = 100  # that are searched for the full picture


def turn_to_full_size(image: TiffImageFile) -> None:
    """Make the first full picture the one that is read, where the file begins with a preview.

    Raises RefusedError where the full picture is none that can be read, as in raw photos.
    """
    if not _is_preview(image):
        return
    nested = _SUB_DIRECTORIES in image.tag_v2
    pages = 1
    while pages < _MOST_PAGES:
        try:
            image.seek(pages)
        except EOFError:
            break
        except SyntaxError as error:  # a page of a kind that Pillow does not read
            raise RefusedError(RAW_PHOTO) from error
        if not _is_preview(image):
            return
        pages += 1
    if nested or pages > 1:
        raise RefusedError(RAW_PHOTO)
    image.seek(0)  # the only picture, whatever it is called


def turn_to_page(image: TiffImageFile, page: int) -> None:
    """Make a page, counted from 1, the one that is read. Raises RefusedError for none."""
    try:
        image.seek(page - 1)
    except EOFError:
        raise RefusedError(f"it has no page {page}.") from None
    except SyntaxError as error:
        raise RefusedError(RAW_PHOTO) from error


def _is_preview(image: TiffImageFile) -> bool:
    kind = image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)
    return (isinstance(kind, int) and bool(kind & 1)) or image.tag_v2.get(_SUBFILE_TYPE) == 2


def check_layout(image: TiffImageFile) -> None:
    """Raise RefusedError for uncompressed pixels that Pillow would put in wrong places."""
    if image.tag_v2.get(_COMPRESSION, 1) != 1:
        return
    planar, bits = image.tag_v2.get(_PLANES, 1) == 2, max(image.tag_v2.get(_BITS, (1,)))
    if planar and bits > 8 and len(image.getbands()) > 1:
        kind = f"{bits} bits in separate planes"
    elif image.tag_v2.get(_PHOTOMETRIC) == _YCBCR and image.mode == "RGB":
        kind = "YCbCr colours"
    else:
        return
    raise RefusedError(f"an uncompressed TIFF with {kind} cannot be read; save it compressed.")


def upright_size(image: TiffImageFile) -> tuple[int, int]:
    """Return (width, height) as the picture is seen."""
    size = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
    return size[::-1] if image.tag_v2.get(_ORIENTATION) in (5, 6, 7, 8) else size


def bits_and_sign(image: Image.Image) -> tuple[int, bool]:
    """Return how many bits a level has, and whether it has a sign."""
    tags = getattr(image, "tag_v2", {})
    return max(tags.get(_BITS, (8,))), 2 in tags.get(_SAMPLE_FORMAT, (1,))


def white_is_zero(image: Image.Image) -> bool:
    """Tell whether 0 is white in deep greys, which Pillow leaves as they are."""
    return getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
