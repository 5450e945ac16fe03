"""What pyproject.toml declares: every package that is imported, in versions that keep their promises."""

import ast
import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

from localtopics.embedding import Embedder, choose_model
from localtopics.embedding.batches import STEP
from localtopics.embedding.embedder import _loaded
from localtopics.errors import UserError
from localtopics.llama.template import render

ROOT = Path(__file__).resolve().parents[1]


def imported(path: Path) -> Iterator[str]:
    """The packages that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


_ELSEWHERE = {
    "cuml": ["cuml-cu12"],
    "phonenumbers": ["phonenumberslite"],
    "upath": ["universal-pathlib"],
    "pptx": ["python-pptx"],
    "ray": ["ray"],
    "tinysegmenter": ["tinysegmenter3"],
}
"""Modules of packages that may not be installed here to the packages' names."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [lines for name, lines in project["optional-dependencies"].items() if name != "dev"]
    lines = [*project["dependencies"], *chain(*extras)]
    declared = {normal(re.split(r"[\[><=]", line)[0]) for line in lines}
    names = {name for path in (ROOT / "localtopics").rglob("*.py") for name in imported(path)}
    used = {
        name: packages_distributions().get(name, _ELSEWHERE.get(name, [name]))
        for name in names - sys.stdlib_module_names
    }
    del used["localtopics"]
    undeclared = {name for name, packages in used.items() if not declared & set(map(normal, packages))}
    assert undeclared == set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in embedding model."""
    folder = tmp_path / "model"
    shutil.copytree(choose_model("all-MiniLM-L6-v2").location, folder)
    return folder


def test_texts_are_padded_to_multiples(tmp_path: Path) -> None:
    embedder = Embedder(choose_model("all-MiniLM-L6-v2"), tmp_path)
    widths: list[int] = []
    model = _loaded(embedder.model)
    hook = model[0].register_forward_pre_hook(
        lambda _, inputs: widths.append(inputs[0]["input_ids"].shape[1])
    )
    embedder.embed(["Maps.", "A map of the whole town.", "Maps of rivers, of roads and of all hills."])
    hook.remove()
    assert widths
    assert [width % STEP for width in widths] == [0] * len(widths)


def test_the_folder_of_an_embedding_model_runs_no_code_of_its_own(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "mine.Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "mine.py").write_text(
        "from sentence_transformers.models import Transformer\n"
        f"from pathlib import Path\nPath({str(ran)!r}).touch()\n"
    )
    with pytest.raises(UserError, match="cannot be opened"):
        Embedder(choose_model(str(folder)), tmp_path / "cache").embed(["text"])
    assert not ran.exists()


def test_a_lock_at_a_link_leaves_the_target_alone(tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / ".lock").symlink_to("mine.txt")
    with suppress(OSError):
        FileLock(tmp_path / ".lock", timeout=0).acquire()
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_chat_template_stays_in_its_sandbox() -> None:
    escape = "{{ ('{0.__class__.__mro__}' | attr('format'))(messages) }}"
    (rendering,) = render(escape, ((("user", "Hello"),),), "", "")
    assert rendering.text is None
    assert "unsafe" in rendering.fault
