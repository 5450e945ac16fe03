"""Ready embeddings, from a file and from Python: one check for both, and one sentence for what is none."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.embedding import checked_embeddings, load_embeddings
from localtopics.errors import UserError


def test_ready_embeddings(tmp_path: Path) -> None:
    path = tmp_path / "ready.npy"
    for kind in (np.float16, np.float32, np.float64, ">f4"):
        np.save(path, np.array([[3, 4], [0, 2]], dtype=kind))
        loaded = load_embeddings(path, 2)
        assert loaded.dtype == np.float32
        np.testing.assert_allclose(loaded, np.array([[0.6, 0.8], [0, 1]]), atol=1e-3)
    assert load_embeddings(path).shape == (2, 2)


ROWS = [[3.0, 4.0], [0.0, 2.0]]


@pytest.mark.parametrize(
    "values",
    [
        ROWS,
        [tuple(row) for row in ROWS],
        [np.array(row, np.float32) for row in ROWS],
        pd.DataFrame(ROWS, columns=["x", "y"]),
        pd.DataFrame(ROWS).astype("Float64"),
        pd.DataFrame(ROWS).astype(object),
        pd.Series([np.array(row) for row in ROWS]),
        torch.tensor(ROWS, requires_grad=True),
        torch.tensor(ROWS, dtype=torch.bfloat16),
        np.array(ROWS, order="F"),
    ],
    ids=lambda values: type(values).__name__,
)
def test_embeddings_may_come_as_arrays_lists_tables_and_tensors(values: Any) -> None:
    embeddings = checked_embeddings(values, "The argument embeddings")
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, np.array([[0.6, 0.8], [0, 1]]), atol=1e-6)
    embeddings[:] = 0
    assert np.asarray(torch.as_tensor(ROWS)).max() == 4, "a copy"


def test_ready_embeddings_are_not_written_to() -> None:
    values = np.array(ROWS, np.float32)
    checked_embeddings(values, "it")
    np.testing.assert_array_equal(values, ROWS)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1.0, 2.0], "must hold one 2-D array of floats, a row a document; it holds float64"),
        (np.ones((2, 2, 2)), "it holds float64"),
        ([[1, 2], [3, 4]], "it holds int64"),
        (torch.ones((2, 2), dtype=torch.uint8), "it holds uint8"),
        ([[1.0, 2.0], [3.0]], "a list of something else"),
        ([[1.0, None], [3.0, 1.0]], "it holds object"),
        (pd.DataFrame({"x": [1.0, 2.0], "name": ["a", "b"]}), "it holds"),
        ({"a": [1.0]}, "it holds object"),
        ("embeddings.npy", "it holds <U14"),
        (np.ones((2, 2), complex), "it holds complex128"),
        ([[1.0, math.nan], [1.0, 1.0]], "Row 0 of The argument embeddings"),
        (torch.tensor([[1.0, 1.0], [math.inf, 1.0]]), "Row 1 of The argument embeddings"),
        (pd.DataFrame(np.zeros((2, 2))), "Row 0 of The argument embeddings .* only zeros"),
        ([[1e300, 1.0]], "Row 0 of"),
    ],
)
def test_unusable_embeddings_from_python_are_one_sentence(values: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=rf"^[^\n]*{sentence}[^\n]*$"):
        checked_embeddings(values, "The argument embeddings")


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.ones((3, 4)), "has 3 rows for 2 documents"),
        (np.ones(4), "must hold one 2-D array of floats"),
        (np.ones((2, 4), dtype=int), "it holds int64"),
        (np.empty((2, 0)), "it holds float64"),
        (np.array([[1.0, 2], [np.nan, 1]]), "Row 1 of"),
        (np.array([[0.0, 0], [1, 1]]), "Row 0 of"),
        (np.array([[1.0, np.inf], [1, 1]]), "Row 0 of"),
        (np.array([["a"], ["b"]], dtype=object), "cannot be read as a .npy array"),
    ],
)
def test_unusable_ready_embeddings(tmp_path: Path, array: np.ndarray, sentence: str) -> None:
    np.save(tmp_path / "ready.npy", array)
    with pytest.raises(UserError, match=sentence):
        load_embeddings(tmp_path / "ready.npy", 2)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_a_file_of_embeddings_is_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "ready.npy"
    np.save(path, np.ones((20, 4)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, 127))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert load_embeddings(path).ndim == 2
    except UserError:
        with pytest.raises(UserError, match=r"ready\.npy"):
            load_embeddings(path)


def test_a_file_of_embeddings_larger_than_memory_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ready.npy"
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 384)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UserError, match=r"ready\.npy cannot be read .* does not fit|holds no array"):
        load_embeddings(path)


def test_no_array_at_all(tmp_path: Path) -> None:
    path = tmp_path / "ready.npy"
    with pytest.raises(UserError, match="cannot be read"):
        load_embeddings(path, 2)
    np.save(path, np.ones((200, 4)))
    whole = path.read_bytes()
    np.savez(tmp_path / "archive.npz", a=np.ones((2, 2)))
    for content in (b"", b"a,b\n1,2\n", whole[:60], whole[:3000], (tmp_path / "archive.npz").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"ready\.npy"):
            load_embeddings(path, 200)
