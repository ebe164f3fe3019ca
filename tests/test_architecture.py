"""Who may import whom: the rules, read from the source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "style_transfer").rglob("*.py"))

# A module may import from lower ranks and from its own package only.
RANKS = {
    "__init__": 0,
    "runtime": 0,
    "console": 0,
    "interruption": 0,
    "assets": 0,
    "checks": -1,
    "replacing": -1,
    "device_types": -1,
    "devices": 0,
    "network": 1,
    "picture_files": 0,
    "decoding": 1,
    "images": 1,
    "knobs": 1,
    "losses": 2,
    "settings": 3,
    "versions": 4,
    "engine": 5,
    "inspection": 6,
    "recipe": 6,
    "links": 6,
    "presets": 6,
    "runs": 7,
    "batch": 8,
    "film": 9,
    "cli": 10,
    "ui": 8,
    "__main__": 11,
}
UI_RANKS = {
    "token_bucket": 0,
    "http": 1,
    "environment": 1,
    "example": 2,
    "session": 3,
    "panels": 4,
    "handlers": 5,
    "background": 6,
    "wiring": 6,
    "page": 7,
    "shutdown": 8,
    "main": 9,
}

# What only these packages may import: their reason to exist is to hide it from the others.
RESERVED = {
    "gradio": "ui",
    "gradio_client": "ui",
    "starlette": "ui",
    "uvicorn": "ui",
    "PIL": "decoding images picture_files film",
    "av": "images film",
    "cv2": "film",
    "numba": "network",
    "spaces": "runs",
    "ray": "runs",
    "prometheus_client": "ui",
}


class Import(NamedTuple):
    module: str  # the importing one, "style_transfer.ui.page"
    target: str  # the imported module or name, "style_transfer.network.VGG"
    name: str  # the last part of it
    line: int


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def imports_in(path: Path) -> Iterator[Import]:
    """All imports of a file, those inside functions too."""
    module = module_name(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, alias.name.rpartition(".")[2], node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = (
                package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            )
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(module, f"{source}.{alias.name}", alias.name, node.lineno)


IMPORTS = [found for path in SOURCES for found in imports_in(path)]
OURS = [found for found in IMPORTS if found.target.split(".")[0] == "style_transfer"]


def part(name: str, level: int = 1) -> str:
    """The package or top-level module that a dotted name of ours belongs to."""
    parts = name.split(".")
    return parts[level] if len(parts) > level else "__init__"


def package_of(found: Import) -> str:
    """The target's package; the root's own names (`__version__`) belong to the root."""
    name = part(found.target)
    return name if f"style_transfer.{name}" in MODULES else "__init__"


def module_of(name: str) -> str:
    """The module that an imported dotted name is or stands in."""
    while name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def violations() -> dict[str, list[str]]:
    """What breaks a rule, by `importing package -> imported package: rule`, with the lines."""
    found: dict[str, list[str]] = {}

    def note(item: Import, source: str, target: str, rule: str) -> None:
        place = MODULES[item.module].relative_to(ROOT)
        found.setdefault(f"{source} -> {target}: {rule}", []).append(
            f"{place}:{item.line} imports {item.target}"
        )

    for item in OURS:
        source, target = part(item.module), package_of(item)
        if target not in RANKS or source not in RANKS:
            note(item, source, target, "no rank")
        elif source != target and RANKS[target] >= RANKS[source]:
            note(item, source, target, "upwards")
        elif source != target and module_of(item.target).count(".") > 1:
            note(item, source, target, "past the door")
        elif source == target == "ui":
            inner, below = part(item.module, 2), part(module_of(item.target), 2)
            if "__init__" in (inner, below):
                continue  # the door of ui takes from all rooms
            if inner != below and UI_RANKS.get(below, 9) >= UI_RANKS.get(inner, -1):
                note(item, f"ui.{inner}", f"ui.{below}", "upwards")
        if item.name.startswith("_") and item.name != "__version__":
            note(item, item.module, item.target, "private")
    for item in IMPORTS:
        owners = RESERVED.get(item.target.split(".")[0])
        if owners is not None and part(item.module) not in owners.split():
            note(item, part(item.module), item.target.split(".")[0], f"reserved for {owners}")
    return found


def test_imports_point_down_and_go_through_the_doors():
    listing = (f"{rule}\n    " + "\n    ".join(lines) for rule, lines in violations().items())
    listed = "\n".join(listing)
    assert not listed, f"these imports break a rule of tests/test_architecture.py:\n{listed}"


def test_the_rules_see_what_breaks_them():
    """The reader of imports is not blind: relative, nested and aliased imports are all found."""
    assert any(
        item.module == "style_transfer.ui.page" and item.name == "gradio" for item in IMPORTS
    )
    assert any(
        item.module.startswith("style_transfer.images") and "PIL" in item.target for item in IMPORTS
    )
    targets = {package_of(item) for item in OURS}
    assert {"network", "losses", "engine", "images", "settings", "runs", "ui"} <= targets
    inside_functions = [item for item in IMPORTS if item.target.split(".")[0] == "av"]
    assert inside_functions


def test_messages_reach_the_page_by_one_door():
    """Gradio takes messages for HTML, and what they quote was sent by strangers."""
    senders, door = {"Error", "Warning", "Info", "Success"}, "style_transfer.ui.http.calls"
    calls = {
        f"{module}: {ast.unparse(node.func)}"
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in ("gr", "gradio")
        and node.func.attr in senders
    }
    assert calls == {f"{door}: gr.{name}" for name in ("Error", "Warning", "Info")}
    assert not [item for item in IMPORTS if item.target in {f"gradio.{name}" for name in senders}]


DOORS = [
    path
    for path in SOURCES
    if path.name == "__init__.py" and path.parent.parent.name == "style_transfer"
]
WITHOUT_DOOR = {"ui"}  # no other package may import it; app.py and commands call its modules


@pytest.mark.parametrize("door", DOORS, ids=lambda path: path.parent.name)
def test_a_door_imports_what_it_lists_and_nothing_else(door):
    tree = ast.parse(door.read_text(encoding="utf-8"))
    docstring, *body = tree.body
    assert isinstance(docstring, ast.Expr), "a door begins with a docstring"
    imported, listed = set(), None
    for node in body:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
        else:
            assert isinstance(node, ast.Assign), f"{door}:{node.lineno} is no import"
            assert [ast.unparse(target) for target in node.targets] == ["__all__"]
            names = ast.literal_eval(node.value)
            listed = set(names)
            assert len(names) == len(listed), "a name stands twice in __all__"
    assert listed == (None if door.parent.name in WITHOUT_DOOR else imported)


CHEAP = """
import sys, threading
assert not {'gradio', 'av', 'cv2', 'starlette'} & set(sys.modules)
assert threading.enumerate() == [threading.main_thread()]
from style_transfer.network import onednn, thread_limits
for probe in onednn.has_fast_int8, onednn._multiplies_matrices, thread_limits._libraries:
    assert probe.cache_info().currsize == 0, probe
"""


@pytest.mark.integration
def test_doors_are_cheap_and_need_no_page():
    """All but `ui` can be imported where gradio is missing. They leave video codecs alone, run no
    kernels and start no threads.
    """
    packages = sorted({"style_transfer", *(name for name in MODULES if name.count(".") == 1)})
    packages = [p for p in packages if p not in ("style_transfer.ui", "style_transfer.__main__")]
    imports = "\n".join(f"import {package}" for package in packages)
    subprocess.run([sys.executable, "-c", imports + CHEAP], cwd=ROOT, check=True)


# Words of this project alone, where the field has a term of its own: backend, int8, scheduler,
# outcome, admission queue, checkpoint, multiscale, estimate.
PRIVATE_WORDS = (
    {"ways", "digits", "turns", "news", "ending", "endings", "materials", "safekeeping"}
    | {"keeper", "anchor", "anchored", "easel", "prospect", "forecast", "going"}
)  # fmt: skip


def words(name: str) -> set[str]:
    """The words of an identifier, `AnchoredObjective` or `style_ways`, in lower case."""
    return {*re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")}


def test_names_are_the_terms_of_the_field():
    others = (path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
    for path in (*SOURCES, *others):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = set(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Name):
                names.add(node.id)
        names = {name for name in names if not name.startswith("test_")}  # which are sentences
        private = sorted(name for name in names if words(name) & PRIVATE_WORDS)
        assert not private, f"{path.relative_to(ROOT)}: {private}"
