"""Check what the program uses of Gradio, uvicorn, torch and numba beyond their public interfaces.

    python -m tests.contract [gradio] [torch] [numba] [--oldest] [--newest] [--reuse]

Makes an environment for each package and version, the oldest and the newest that requirements.txt
allows unless one of them is named, and runs the contract tests there. A fresh environment has about
5.5 GB and is removed at the end. With --reuse it takes over what is installed here, and fetches
only the package in question with what that needs of another version.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
CONTRACTS = {  # package: tests of what is used of it, and of what is served with it
    "gradio": ["tests/ui/http", "tests/ui/test_page.py"],
    "torch": [
        "tests/network/test_aten.py",
        "tests/network/test_onednn.py",
        "tests/network/test_thread_limits.py",
        "tests/network/test_backends.py",
    ],
    "numba": ["tests/network/test_jit.py", "tests/network/test_product_kernels.py"],
}


def requirement(package: str, oldest: bool) -> str:
    """Return what to ask pip for, e.g. "gradio[mcp]==6.27.0" for the oldest of ">=6.27,<7"."""
    lines = REQUIREMENTS.read_text().split()
    (line,) = [line for line in lines if re.match(rf"{package}\b(?!-)", line)]
    if not oldest:
        return line
    name, version = re.match(r"([^><=]+)>=([\d.]+)", line).groups()
    return f"{name}=={version}{'.0' * (2 - version.count('.'))}"


def environment(folder: Path, reuse: bool) -> Path:
    """Make an environment in `folder` and return its interpreter."""
    venv.create(folder, with_pip=not reuse, symlinks=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if reuse:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        inherited = Path(packages.stdout.strip()) / "inherited.pth"
        inherited.write_text(sysconfig.get_path("purelib"))
    return python


def check(package: str, oldest: bool, reuse: bool) -> bool:
    """Run the contract tests of a package in an environment of its own; return whether all pass."""
    wanted = requirement(package, oldest)
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder), reuse)
        upgrade = [] if oldest else ["--upgrade"]
        others = [] if reuse else ["-r", str(REQUIREMENTS), "pytest", "pytest-timeout"]
        command = [python, "-m", "pip", "install", "-q", *upgrade, wanted, *others]
        subprocess.run(command, check=True)
        code = f"from importlib.metadata import version; print(version({package!r}))"
        told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        print(f"\n{package} {told.stdout.strip()} ({wanted})", flush=True)
        options = ["-q", "-p", "no:cacheprovider"]
        tests = subprocess.run([python, "-m", "pytest", *options, *CONTRACTS[package]], cwd=ROOT)
    return tests.returncode == 0


def main() -> None:
    """Check all that was asked for; exit with 1 where a test fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", choices=[*CONTRACTS, []], metavar="package")
    parser.add_argument("--oldest", action="store_true", help="the oldest version alone")
    parser.add_argument("--newest", action="store_true", help="the newest version alone")
    parser.add_argument("--reuse", action="store_true", help="take over what is installed here")
    options = parser.parse_args()
    ages = [True] * (not options.newest) + [False] * (not options.oldest) or [True, False]
    results = {
        (package, "oldest" if oldest else "newest"): check(package, oldest, options.reuse)
        for package in options.packages or CONTRACTS
        for oldest in ages
    }
    for (package, age), passed in results.items():
        print(f"{package}, {age}: {'holds' if passed else 'DOES NOT HOLD'}")
    sys.exit(not all(results.values()))


if __name__ == "__main__":
    main()
