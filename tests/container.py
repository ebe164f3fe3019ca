"""The steps of the Dockerfile without a container engine: python -m tests.container FOLDER

Makes a clean Debian in FOLDER by mmdebstrap, runs the steps there as root of this machine, tells
the size of each layer, starts the page, and asks for its health as the Dockerfile does. Debian's
Python stands in for the image's. What pip needs on this machine (its configuration, certificates)
is brought along by `--bring`, and left out of the sizes.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = "python3,python3-pip,python-is-python3,ca-certificates"
PASSED_ON = ("PIP_", "SSL_", "REQUESTS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
HEALTHY_WITHIN = 180.0  # s


class Step(NamedTuple):
    word: str  # "RUN", "COPY" ...
    rest: str


def steps(text: str) -> list[Step]:
    """Return the steps of a Dockerfile, without comments, each in one line.

    >>> steps("FROM a\\n# b\\nRUN c \\\\\\n    && d\\n")
    [Step(word='FROM', rest='a'), Step(word='RUN', rest='c     && d')]
    """
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = lines.replace("\\\n", "")
    return [Step(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]


class Container:
    """A folder in which steps are run, as the user and with the variables that earlier ones set."""

    def __init__(self, folder: Path, arguments: dict[str, str]) -> None:
        self.folder, self.arguments = folder, arguments
        self.user, self.place = "0", "/"
        self.variables = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root"}
        self.variables["PIP_PROGRESS_BAR"] = "off"
        self.health, self.command = list[str](), list[str]()

    def make(self, brought: list[Path]) -> None:
        """Make the base."""
        command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={PACKAGES}"]
        subprocess.run([*command, _release(), self.folder], check=True)
        # The image's Python is nobody's but its own; Debian's refuses packages that are not its.
        for file in self.folder.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
            file.unlink()
        (self.folder / "etc/hosts").write_text("127.0.0.1 localhost\n")  # as engines do
        for file in (Path("/etc/resolv.conf"), *brought):
            subprocess.run(["cp", "-rL", "--parents", file, self.folder], check=True)
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--rbind", f"/{name}", self.folder / name], check=True)

    def leave(self) -> None:
        """Unmount what `make` has mounted."""
        for name in ("proc", "dev"):
            subprocess.run(["umount", "-l", self.folder / name], check=False)

    def take(self, step: Step) -> None:
        """Run a step."""
        match step.word:
            case "USER":
                self.user = step.rest
                self.variables["HOME"] = "/home/user"
            case "WORKDIR":
                self.place = step.rest
                self.run(["mkdir", "-p", self.place])
            case "ENV":
                for pair in shlex.split(step.rest):
                    name, _, value = pair.partition("=")
                    self.variables[name] = re.sub(
                        r"\$(\w+)", lambda found: self.variables.get(found[1], ""), value
                    )
            case "ARG":
                name, _, default = step.rest.partition("=")
                self.arguments.setdefault(name, default.strip('"'))
            case "RUN":
                self.run(["sh", "-c", step.rest])
            case "COPY":
                *sources, target = shlex.split(step.rest.replace("--chown=user", ""))
                self._copy(sources, target)
            case "HEALTHCHECK":
                self.health = _words(step.rest.partition("CMD")[2])
            case "CMD":
                self.command = _words(step.rest)

    def run(self, command: list[str]) -> None:
        """Run a command to its end. Raises CalledProcessError."""
        subprocess.run(self._within(command), check=True, env={})

    def start(self) -> subprocess.Popen[bytes]:
        """Start what the container is for, in a network of its own."""
        inner = f"ip link set lo up && exec {shlex.join(self._within(self.command))}"
        return subprocess.Popen(["unshare", "--net", "sh", "-c", inner])

    def is_healthy(self, page: subprocess.Popen[bytes]) -> bool:
        """Return whether the health check succeeds in the network of the page."""
        command = ["nsenter", f"--net=/proc/{page.pid}/ns/net", *self._within(self.health)]
        return subprocess.run(command, capture_output=True).returncode == 0

    def size(self) -> int:
        """Return the bytes of all files."""
        told = subprocess.run(
            ["du", "-sxb", self.folder], check=True, capture_output=True, text=True
        )
        return int(told.stdout.split()[0])

    def _within(self, command: list[str]) -> list[str]:
        passed = {
            name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON)
        }
        variables = passed | self.arguments | self.variables
        given = [f"{name}={value}" for name, value in variables.items()]
        inner = f"mkdir -p {self.place}; cd {self.place} && exec {shlex.join(command)}"
        user = f"--userspec={self.user}:{self.user}"
        chroot = ["/usr/sbin/chroot", user, str(self.folder)]
        return [*chroot, "/usr/bin/env", "-i", *given, "sh", "-c", inner]

    def _copy(self, sources: list[str], target: str) -> None:
        left_out = (ROOT / ".dockerignore").read_text().split()
        listing = ["git", "-C", ROOT, "ls-files", "--", *sources]
        answer = subprocess.run(listing, capture_output=True, text=True, check=True)
        for name in answer.stdout.splitlines():
            parts = [name, *map(str, Path(name).parents)]
            if any(fnmatch(part, each) for part in parts for each in left_out):
                continue
            file = self.folder / self.place.lstrip("/") / target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, file)
        subprocess.run(
            ["chown", "-R", f"{self.user}:{self.user}", self.folder / self.place.lstrip("/")],
            check=True,
        )


def _words(text: str) -> list[str]:
    return list(json.loads(text))


def _release() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)["VERSION_CODENAME"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--bring", nargs="*", type=Path, default=[], metavar="PATH")
    options = parser.parse_args()
    container = Container(options.folder, dict(each.split("=", 1) for each in options.build_arg))
    try:
        container.make(options.bring)
        size = container.size()
        print(f"{size / 1e6:8.0f} MB  base", flush=True)
        for step in steps((ROOT / "Dockerfile").read_text()):
            began, before = time.monotonic(), size
            container.take(step)
            size = container.size()
            if size != before:
                words = f"{step.word} {step.rest}"[:72]
                seconds = time.monotonic() - began
                print(f"{(size - before) / 1e6:8.0f} MB  {seconds:4.0f} s  {words}", flush=True)
        began, page = time.monotonic(), container.start()
        try:
            while not container.is_healthy(page):
                if page.poll() is not None or time.monotonic() > began + HEALTHY_WITHIN:
                    sys.exit("The page is not healthy.")
                time.sleep(1)
            print(f"healthy after {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB in all")
        finally:
            page.terminate()
            page.wait()
    finally:
        container.leave()


if __name__ == "__main__":
    main()
