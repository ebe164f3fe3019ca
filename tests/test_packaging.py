"""The wheel: what is in it, and that it paints where it is installed, without the page's extras."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTRAS = ("gradio", "av")  # which only the page needs

pytestmark = pytest.mark.integration


def project():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lines(name):
    return set((ROOT / name).read_text(encoding="utf-8").splitlines())


def test_a_space_installs_what_the_package_and_its_page_need():
    ours = project()
    assert lines("requirements.txt") == {
        *ours["dependencies"],
        *ours["optional-dependencies"]["ui"],
    }
    dev = ours["optional-dependencies"]["dev"]
    assert lines("requirements-dev.txt") == {"-r requirements.txt", *dev}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without a download."""
    pytest.importorskip("hatchling", reason="builds the wheel; comes with requirements-dev.txt")
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder in which the package alone is installed; its name has a space and an umlaut."""
    folder = tmp_path_factory.mktemp("Mädchen mit Perle") / "site packages"
    pip("install", wheel, "--no-deps", "--target", folder)
    return folder


def pip(*arguments):
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run(installed, folder, *command):
    """Run Python in `folder`, where the extras cannot be imported."""
    blocked = folder / "blocked"
    blocked.mkdir(exist_ok=True)
    for name in EXTRAS:
        (blocked / f"{name}.py").write_text(f"raise ModuleNotFoundError(name={name!r})\n")
    path = os.pathsep.join(map(str, (blocked, installed)))
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def size_of(file):
    from style_transfer.images import open_image

    return open_image(file).size


@pytest.mark.slow
def test_the_command_of_a_wheel_paints_a_picture_without_the_page(installed, tmp_path):
    assets = installed / "style_transfer" / "assets"
    photo, style = assets / "content" / "raccoon.jpg", assets / "style" / "mosaic.jpg"
    command = installed / "bin" / "style-transfer"
    options = ["-o", "Gemälde.png", "--size", 48, "--steps", 2]
    done = run(installed, tmp_path, command, photo, style, *options)
    assert done.returncode == 0, done.stderr
    assert size_of(tmp_path / "Gemälde.png") == (48, 36)


LIBRARY = """
import sys
from pathlib import Path
import style_transfer
from style_transfer import Settings, assets, open_image, save, stylize, to_tensor

assert Path(style_transfer.__file__).is_relative_to(sys.argv[1]), style_transfer.__file__
photo = to_tensor(open_image(assets.path("content", "fig.jpg")), 32)
style = to_tensor(open_image(assets.path("style", "mosaic.jpg")), 64)
*_, last = stylize(photo, style, lambda: Settings(steps=2))
save(last.picture, "picture.png")
assert not {"gradio", "av"} & set(sys.modules)
"""


@pytest.mark.slow
def test_the_library_of_a_wheel_paints_a_picture_without_the_page(installed, tmp_path):
    done = run(installed, tmp_path, "-c", LIBRARY, installed)
    assert done.returncode == 0, done.stderr
    assert min(size_of(tmp_path / "picture.png")) == 32


def test_the_page_says_in_one_sentence_what_it_lacks(installed, tmp_path):
    command = installed / "bin" / "style-transfer-ui"
    done = run(installed, tmp_path, command)
    assert done.returncode == 1
    assert "install steered-style-transfer[ui]" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "--port" in run(installed, tmp_path, command, "--help").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="scripts lie elsewhere")
@pytest.mark.slow
def test_pip_installs_the_wheel_into_a_fresh_environment_that_paints(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    )
    names = {line.split("==")[0] for line in listed.stdout.splitlines()}
    assert "steered-style-transfer" in names
    assert not set(EXTRAS) & names
    subprocess.run([python, "-c", LIBRARY, tmp_path / "venv"], check=True, cwd=tmp_path)
    assert min(size_of(tmp_path / "picture.png")) == 32
