"""Layouts, on generated vectors."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.topics import umap as layout
from localtopics.topics.neighbors import neighbor_graph
from localtopics.topics.settings import LayoutSettings, require_documents
from localtopics.topics.umap import Layouts, lay_out, lay_out_again
from tests.topics.vectors import groups

PLAIN = LayoutSettings()


def laid_out(
    vectors: np.ndarray,
    settings: LayoutSettings = PLAIN,
    progress: Progress = silent,
    meanwhile: Callable[[], object] = lambda: None,
) -> Layouts:
    """The layouts of documents that are all unlike."""
    return lay_out([str(row) for row in range(len(vectors))], vectors, settings, progress, meanwhile)


@pytest.mark.parametrize(("documents", "there"), [(0, "are only 0"), (1, "is only 1"), (9, "are only 9")])
def test_too_few_documents_is_one_clear_sentence(documents: int, there: str) -> None:
    with pytest.raises(UserError, match=f"at least 10 documents, and there {there}"):
        require_documents(documents)
    with pytest.raises(UserError, match="at least 10 documents"):
        laid_out(np.ones((documents, 4), np.float32))


@pytest.mark.parametrize(
    "wrong", [{"neighbors": 1}, {"components": 1}, {"min_dist": 1.5}, {"min_dist": -0.1}, {"seed": -1}]
)
def test_settings_that_umap_would_refuse_are_refused_at_once(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError):
        LayoutSettings(**wrong)  # type: ignore[arg-type]


def test_documents_laid_out_again_lie_as_their_seed_says() -> None:
    vectors = np.repeat(groups(40, 20), [2] + [1] * 59, axis=0)
    documents = ["twice", "twice", *map(str, range(59))]
    settings = LayoutSettings(components=3, seed=7)
    first = lay_out(documents, vectors, settings)
    same, other = lay_out_again(first.originals, vectors, settings, [7, 8])
    assert np.array_equal(same, first.reduced)
    assert not np.array_equal(other, first.reduced)
    assert np.array_equal(other[0], other[1])  # copies share a place


def test_layouts_are_the_same_side_by_side_and_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = groups(80, 60, 40, 20)
    steps = {"Finding neighbours": 0, "Comparing neighbours": 0, "Laying out documents": 0}
    totals: dict[str, int | None] = {}
    meanwhile: list[str] = []

    @contextmanager
    def progress(description: str, total: int | None = None):  # type: ignore[no-untyped-def]
        totals[description] = total

        def advance(count: int) -> None:
            steps[description] += count

        yield advance

    settings = LayoutSettings(components=3)
    monkeypatch.setattr(layout, "usable_cpus", lambda: 2)
    together = laid_out(vectors, settings, progress, lambda: meanwhile.append("called"))
    assert (together.reduced.shape, together.map.shape) == ((200, 3), (200, 2))
    assert together.reduced.dtype == together.map.dtype == np.float32
    assert steps == totals == steps | {"Finding neighbours": 200, "Laying out documents": 1000}
    assert meanwhile == ["called"]

    monkeypatch.setattr(layout, "usable_cpus", lambda: 1)
    in_turn = laid_out(vectors, settings)
    assert (in_turn.reduced == together.reduced).all()
    assert (in_turn.map == together.map).all()

    centres = [together.map[start:end].mean(axis=0) for start, end in ((0, 80), (80, 140), (140, 180))]
    own = np.linalg.norm(together.map[:80] - centres[0], axis=1)
    others = np.linalg.norm(together.map[:80] - centres[1], axis=1)
    assert (own < others).all()


def lay_out_here(vectors: np.ndarray, dimension: int, seed: int = 42, neighbors: int = 15) -> np.ndarray:
    """What a child process does, in this one."""
    graph = neighbor_graph(vectors, neighbors)
    return layout._umap(vectors, graph, LayoutSettings(seed=seed), dimension, io.StringIO())


def test_the_seed_decides_the_layout() -> None:
    vectors = groups(40, 30)
    assert (lay_out_here(vectors, 2) == lay_out_here(vectors, 2)).all()
    assert (lay_out_here(vectors, 2) != lay_out_here(vectors, 2, seed=1)).any()


def test_many_documents_start_from_their_principal_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "EXACT_LIMIT", 100)
    vectors = groups(60, 60, 60)
    start = layout.start_places(vectors, 3, 1)
    centred = vectors - vectors.mean(axis=0)
    wanted = np.linalg.svd(centred, full_matrices=False)[0][:, :3]
    likeness = np.abs(np.corrcoef(start.T, wanted.T)[:3, 3:])
    assert np.allclose(np.diag(likeness), 1, atol=1e-3)
    assert np.abs(start[:, 0]).max() == pytest.approx(10, abs=1e-2)
    assert (start == layout.start_places(vectors, 3, 1)).all()
    placed = laid_out(vectors)
    centres = placed.map.reshape(3, 60, 2).mean(axis=1)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)[np.triu_indices(3, 1)].min()
    assert placed.map.reshape(3, 60, 2).std(axis=1).max() < apart
    assert (laid_out(vectors).reduced == placed.reduced).all()


@pytest.mark.parametrize("vectors", [groups(80, dimensions=2, spread=1), np.repeat(groups(1), 80, axis=0)])
def test_awkward_documents_have_a_start(vectors: np.ndarray) -> None:
    start = layout.start_places(vectors, 5, 0)
    assert start.shape == (80, 5)
    assert start.dtype == np.float32
    assert np.isfinite(start).all()
    assert len(np.unique(start, axis=0)) == 80


AWKWARD = {
    "ten documents": groups(10, spread=1),
    "eleven documents": groups(11, spread=1),
    "as few as dimensions": groups(14, spread=1),
    "all the same": np.repeat(groups(1), 40, axis=0),
    "more copies than neighbours": np.repeat(groups(*[1] * 20), 20, axis=0),
    "islands just above UMAP's threshold": groups(*[17] * 14),
    "three islands": groups(30, 30, 30),
    "empty vectors": np.vstack([groups(50, spread=1), np.zeros((10, 48), np.float32)]),
    "nothing but empty vectors": np.zeros((30, 48), np.float32),
    "opposites": np.vstack([groups(30), -groups(30)]),
    "fewer dimensions than the layout": groups(50, dimensions=2, spread=1),
}


@pytest.mark.parametrize("dimension", [2, 5, 12])
@pytest.mark.parametrize("vectors", AWKWARD.values(), ids=AWKWARD)
def test_awkward_corpora_get_a_layout(vectors: np.ndarray, dimension: int) -> None:
    placed = lay_out_here(vectors, dimension)
    assert placed.shape == (len(vectors), dimension)
    assert np.isfinite(placed).all()


LONG = """
import numpy as np
from contextlib import contextmanager
from localtopics.topics.settings import LayoutSettings, require_documents
from localtopics.topics.umap import lay_out

@contextmanager
def progress(description, total=None):
    yield lambda steps: print(description, flush=True)

vectors = np.random.default_rng(0).normal(size=(9000, 16))
lay_out(list(map(str, range(9000))), vectors, LayoutSettings(), progress)
"""


def processes_of(parent: int) -> list[int]:
    return list(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_nothing_is_left_of_a_killed_run(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    program = subprocess.Popen(
        [sys.executable, "-c", LONG], stdout=subprocess.PIPE, text=True, env=environment
    )
    with program:
        assert program.stdout is not None
        while not program.stdout.readline().startswith("Laying out"):
            assert program.poll() is None
        children = processes_of(program.pid)
        assert children
        assert list(tmp_path.iterdir())
        program.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(child) for child in children)
    assert not list(tmp_path.iterdir())


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_failing_process_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho out of luck >&2\nexit 3\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(RuntimeError, match=r"exit code 3(.|\n)*out of luck"):
        laid_out(groups(20))
