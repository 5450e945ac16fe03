"""The layout of the package: a module imports only what lies before it, and no module grows without end."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = (
    "",
    "formats",
    "corpus",
    "embedding",
    "topics",
    "trends",
    "gguf",
    "models",
    "llama",
    "server",
    "labels",
    "report",
    "run",
    "demo",
    "cli",
)
"""In the order in which data goes; "" are the modules that every room may use."""
FACE = ("__init__", "__main__")
"""What gives the package's names and its command: it may use all rooms."""
MODULES = sorted((ROOT / "localtopics").rglob("*.py"))


def name(path: Path) -> str:
    """The dotted name of a module within the package."""
    return ".".join(path.relative_to(ROOT / "localtopics").with_suffix("").parts)


def room(module: str) -> str:
    first = module.partition(".")[0]
    return first if first in ROOMS else ""


def imported(path: Path) -> Iterator[str]:
    """The modules of this package that one imports, for its types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "localtopics":
            module = node.module.removeprefix("localtopics").lstrip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".lstrip(".")
                is_module = (ROOT / "localtopics" / Path(*inner.split("."))).with_suffix(".py").exists()
                yield inner if is_module else module


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_imports_only_what_lies_before_it(path: Path) -> None:
    own = name(path)
    if own in FACE:
        return
    later = [module for module in imported(path) if ROOMS.index(room(module)) > ROOMS.index(room(own))]
    assert later == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name(path): set(imported(path)) for path in MODULES if name(path) not in FACE}
    reached: dict[str, set[str]] = {}

    def reach(module: str, above: tuple[str, ...] = ()) -> set[str]:
        assert module not in above, " -> ".join([*above, module])
        if module not in reached:
            inner = graph.get(module, set()) | graph.get(f"{module}.__init__", set())
            reached[module] = inner.union(*(reach(other, (*above, module)) for other in inner))
        return reached[module]

    for module in graph:
        reach(module)


@pytest.mark.parametrize(
    ("package", "room"), [("llama_cpp", "llama.api"), ("click", "cli"), ("rich", "cli"), ("ray", "cluster")]
)
def test_a_package_has_one_place(package: str, room: str) -> None:
    users = [name(path) for path in MODULES if package in foreign(path)]
    assert [user for user in users if not user.startswith(room)] == []


def foreign(path: Path) -> set[str]:
    """The packages that a module imports when it runs."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


SOURCES = [path for folder in ("localtopics", "scripts", "tests") for path in (ROOT / folder).rglob("*.py")]


def test_no_module_has_more_than_400_lines() -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_no_library_module_names_an_option() -> None:
    """Errors say what is wrong; the command line adds the options that mend it."""
    for path in MODULES:
        if room(name(path)) == "cli" or name(path) in FACE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UserError" and node.args:
                said = re.sub("`pip install .*?`", "", ast.unparse(node.args[0]))
                assert " --" not in said, f"{path}:{node.lineno}"
                assert "`localtopics " not in said, f"{path}:{node.lineno}"
