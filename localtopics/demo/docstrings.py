"""Documents that are on every machine: the docstrings of the installed scientific packages."""

from __future__ import annotations

import ast
import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from localtopics.corpus import Corpus
from localtopics.demo.prose import prose
from localtopics.errors import UserError
from localtopics.progress import Progress, silent

PACKAGES = (
    *("numpy", "scipy", "sklearn", "pandas", "matplotlib", "torch", "networkx", "sympy", "PIL"),
    *("statsmodels", "skimage", "xarray", "astropy", "seaborn"),
)
"""Read as source files, never imported; those that are not installed are left out."""

_FEWEST_WORDS = 25
_SKIPPED_FOLDERS = frozenset(
    {"tests", "test", "testing", "conftest", "setup", "benchmarks"}
    | {"externals", "extern", "vendor", "_vendor", "vendored", "array_api_compat", "array_api_extra"}
    | {"distutils"}  # of NumPy: about compilers
    # of torch: large, and not for its users
    | {"_inductor", "_dynamo", "_export", "_functorch", "_higher_order_ops", "_numpy", "_refs", "_subclasses"}
)
_COMPILED = frozenset({"multiarray", "umath"})  # NumPy's modules under which nobody looks for a name
_ADDERS = frozenset({"add_newdoc", "add_docstr", "_add_docstr", "add_docstr_all"})


def demo_corpus(limit: int = 5000, progress: Progress = silent) -> Corpus:
    """At most ``limit`` docstrings of public functions, classes and modules, evenly from the packages.

    The documents are the prose of the docstrings, each sentence only where it stands first: what all methods
    of a kind repeat would make topics of its own. Titles and ids are the dotted public names. The same
    installed packages give the same corpus.

    Raises:
        UserError: none of the packages is installed as source files.
    """
    packages = _installed(progress)
    chosen: dict[str, str] = {}
    told: set[str] = set()
    packages.sort(key=lambda package: len(package.docstrings))
    for left, package in zip(range(len(packages), 0, -1), packages, strict=True):
        share = (limit - len(chosen)) // left
        for name in package.order:
            if share == 0:
                break
            sentences = {sentence.casefold(): sentence for sentence in prose(package.docstrings[name])}
            text = " ".join(sentence for key, sentence in sentences.items() if key not in told)
            told.update(sentences)
            if len(text.split()) >= _FEWEST_WORDS and "copyright" not in text.casefold():
                chosen[name] = text
                share -= 1
    names = sorted(chosen)
    return Corpus.from_documents(
        [chosen[name] for name in names],
        titles=names,
        ids=names,
        source="docstrings of scientific Python packages",
    )


def demo_docstrings() -> Iterator[str]:
    """Every docstring that the demo may choose from, as it stands in the source."""
    for package in _installed(silent):
        yield from package.docstrings.values()


def _installed(progress: Progress) -> list[_Package]:
    roots = [root for name in PACKAGES if (root := _root(name)) is not None]
    if not roots:
        raise UserError(
            "The demo reads docstrings of scientific packages, but none is installed: pip install scipy."
        )
    packages = []
    with progress("Reading docstrings", len(roots)) as advance:
        for root in roots:
            packages.append(_Package(root))
            advance(1)
    return packages


def _root(package: str) -> Path | None:
    spec = find_spec(package)
    locations = (spec.submodule_search_locations if spec else None) or [""]
    return Path(locations[0]) if locations[0] else None


@dataclass
class _Module:
    """What a module defines and what it has from others, as its source says."""

    docstrings: dict[str, str] = field(default_factory=dict)
    """Name within the module ("" for itself, "Class.method") to docstring."""
    documented: dict[str, str] = field(default_factory=dict)
    """Full dotted name to a docstring that is given to compiled code."""
    defined: set[str] = field(default_factory=set)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name here to module and name there."""
    stars: list[str] = field(default_factory=list)
    """Modules of which every name is imported."""


class _Package:
    """The docstrings of one package by public name."""

    def __init__(self, root: Path) -> None:
        self._name = root.name
        self._modules: dict[str, _Module] = {}
        with _no_garbage_collection():  # it would walk the syntax trees again and again
            for path in sorted(root.rglob("*.py")):
                parts = path.relative_to(root.parent).with_suffix("").parts
                if _SKIPPED_FOLDERS.isdisjoint(parts) and not parts[-1].startswith("test_"):
                    is_package = parts[-1] == "__init__"
                    name = ".".join(parts[:-1] if is_package else parts)
                    self._modules[name] = _read_module(path, name, is_package)

    @cached_property
    def docstrings(self) -> dict[str, str]:
        """Dotted public name to docstring."""
        found: dict[str, str] = _ufunc_docstrings() if self._name == "numpy" else {}
        for module_name, module in self._modules.items():
            for inner, docstring in module.docstrings.items():
                if (name := self._public_name(module_name, inner)) is not None:
                    found.setdefault(name, docstring)
            for full, docstring in module.documented.items():
                found.setdefault(full, docstring)
        return found

    @cached_property
    def order(self) -> list[str]:
        """All names, those near the package's surface first, otherwise scattered over it."""
        return sorted(
            self.docstrings,
            key=lambda name: (min(name.count("."), 4) // 2, hashlib.sha256(name.encode()).digest()),
        )

    def _public_name(self, module: str, inner: str) -> str | None:
        """By which name a user imports what ``module`` defines: that of the outermost package to offer it."""
        parts = module.split(".")
        if inner:
            name = inner.partition(".")[0]
            for depth in range(1, len(parts)):
                outer = ".".join(parts[:depth])
                if "._" not in outer and self._origin(outer, name) == (module, name):
                    return f"{outer}.{inner}"
        return None if "._" in module else f"{module}.{inner}".rstrip(".")

    def _origin(self, module: str, name: str, steps: int = 8) -> tuple[str, str] | None:
        """The module that defines what ``module`` offers as ``name``, and its name there."""
        content = self._modules.get(module)
        if content is None or steps == 0:
            return None
        if name in content.defined:
            return module, name
        if name in content.imported:
            return self._origin(*content.imported[name], steps - 1)
        origins = (self._origin(star, name, steps - 1) for star in content.stars)
        return next((origin for origin in origins if origin is not None), None)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_module(path: Path, name: str, is_package: bool) -> _Module:
    module = _Module()
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # a template, or for a newer Python
        return module
    if docstring := ast.get_docstring(tree, clean=False):
        module.docstrings[""] = docstring
    parents = name.split(".") if is_package else name.split(".")[:-1]
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            _read_import(node, parents, module)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            module.defined.add(node.name)
            module.docstrings.update(_read_definition(node))
        else:
            _read_added(node, name, module)
    return module


def _read_import(node: ast.ImportFrom, parents: Sequence[str], module: _Module) -> None:
    start = parents[: len(parents) - node.level + 1] if node.level else []
    source = ".".join([*start, *(node.module or "").split(".")]).strip(".")
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(source)
        else:
            module.imported[alias.asname or alias.name] = (source, alias.name)


def _read_definition(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, str]]:
    if docstring := ast.get_docstring(node, clean=False):
        yield node.name, docstring
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                docstring = ast.get_docstring(method, clean=False)
                if docstring:
                    yield f"{node.name}.{method.name}", docstring


def _read_added(node: ast.stmt, name: str, module: _Module) -> None:
    """What NumPy's ``add_newdoc``, PyTorch's ``add_docstr`` and their like give to compiled code."""
    if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
        return
    call = node.value
    if ast.unparse(call.func) not in _ADDERS or len(call.args) < 2:
        return
    *target, last = call.args
    entries = last.elts if isinstance(last, ast.List) else [last]
    for entry in entries:
        inner, text = entry.elts if isinstance(entry, ast.Tuple) and len(entry.elts) == 2 else (None, entry)
        docstring = _literal(text)
        if isinstance(node, ast.Assign):  # gelu = _add_docstr(torch._C._nn.gelu, "...")
            full = [name, ast.unparse(node.targets[0])]
        else:
            full = [_literal(part) or ast.unparse(part) for part in [*target, *([inner] if inner else [])]]
            if "." not in full[0]:  # a name in the module's own package
                full = [*(["torch.Tensor"] if name.endswith("_tensor_docs") else [name]), *full]
        parts = ".".join(full).split(".")
        public = [part for part in parts if part.isidentifier() and part[0] != "_" and part not in _COMPILED]
        if docstring:
            module.documented[".".join(public)] = docstring


def _literal(node: ast.expr) -> str:
    """The text of a string expression, as far as it is written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _literal(node.left) + _literal(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # "...".format(...)
        return _literal(node.func.value)
    return ""


def _ufunc_docstrings() -> dict[str, str]:
    """NumPy's ufuncs have their docstrings in compiled code only."""
    members = ((name, getattr(np, name)) for name in np.__all__)
    return {f"numpy.{name}": item.__doc__ or "" for name, item in members if isinstance(item, np.ufunc)}
