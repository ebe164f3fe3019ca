"""What films need beside the package: PyAV for reading and writing, OpenCV for optical flow."""

from importlib.util import find_spec

_EXTRAS = {"av": "av", "cv2": "opencv-python-headless"}  # module: what installs it


def check_extras() -> None:
    """Raise ValueError, one sentence with the command that installs what is missing."""
    missing = [name for module, name in _EXTRAS.items() if find_spec(module) is None]
    if missing:
        names = " ".join(missing)
        raise ValueError(f"Films need {' and '.join(missing)}; pip install {names}")
