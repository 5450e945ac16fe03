"""Reading headers, and files that are none: every byte may be wrong."""

import ctypes
import time
from contextlib import suppress
from pathlib import Path

import llama_cpp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_cpp._ctypes_extensions import load_shared_library

from localtopics.errors import UserError
from localtopics.gguf import read_info
from localtopics.gguf.header import TENSOR_TYPES


def test_sizes_of_tensor_types_are_ggmls() -> None:
    folder = Path(llama_cpp.__file__).parent / "lib"
    ggml = load_shared_library("ggml-base", folder)
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ggml.ggml_blck_size.restype = ctypes.c_int64
    ggml.ggml_type_name.restype = ctypes.c_char_p
    for number, (name, elements, size) in TENSOR_TYPES.items():
        assert ggml.ggml_type_name(number).decode().upper() == name
        assert (ggml.ggml_blck_size(number), ggml.ggml_type_size(number)) == (elements, size), name


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"", "is empty"),
        (b"PK\3\4 a zip file", "is no GGUF file"),
        (b"GG", "is no GGUF file"),
        (b"<!DOCTYPE html>", "is no GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
        (b"tjgg\3\0\0\0", "came before GGUF"),
        (b"GGUF\0\0\0\3" + bytes(100), "big-endian"),
        (b"GGUF\1\0\0\0" + bytes(100), "GGUF version 1"),
        (b"GGUF\3\0\0\0", "ends inside its header"),
    ],
)
def test_other_files_are_named(tmp_path: Path, start: bytes, says: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(start)
    with pytest.raises(UserError, match=says) as caught:
        read_info(path)
    assert str(path) in str(caught.value)


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(UserError, match="There is no model file"):
            read_info(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_info(Path("/proc/self/mem"))


def test_truncated_at_any_byte(tiny: Path, tmp_path: Path) -> None:
    whole, path = tiny.read_bytes(), tmp_path / "cut.gguf"
    header = read_info(tiny).tensors[0].offset
    for end in [*range(0, header, 11), *range(header, len(whole), 1997), len(whole) - 1]:
        path.write_bytes(whole[:end])
        with pytest.raises(UserError, match="The model file"):
            read_info(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400), start=st.sampled_from([b"", b"GGUF\3\0\0\0", b"GGUF\3\0\0\0" + bytes(8)])
)
def test_any_bytes_are_answered_with_a_sentence(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(start + data)
    with pytest.raises(UserError):
        read_info(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_in_a_header_are_answered(tiny_bpe: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(tiny_bpe.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        new = data.draw(st.binary(min_size=1, max_size=12))
        place = data.draw(st.integers(4, 5000))
        whole[place : place + len(new)] = new
    path = tmp_path / "edited.gguf"
    path.write_bytes(whole)
    with suppress(UserError):  # anything else is a fault of ours
        assert read_info(path).tensors


def test_absurd_counts_cost_no_memory(tiny: Path, tmp_path: Path) -> None:
    """A sparse file of 16 GiB that claims strings and arrays of that length."""
    path = tmp_path / "sparse.gguf"
    length = 2**34
    start = b"GGUF\3\0\0\0" + (1).to_bytes(8, "little") * 2
    for claim in (
        length.to_bytes(8, "little"),  # a key of 16 GiB
        b"\1\0\0\0\0\0\0\0k\x08\0\0\0" + length.to_bytes(8, "little"),  # a string
        b"\1\0\0\0\0\0\0\0k\x09\0\0\0\4\0\0\0" + length.to_bytes(8, "little"),  # an array of uint32
        b"\1\0\0\0\0\0\0\0k\x09\0\0\0\x08\0\0\0" + length.to_bytes(8, "little"),  # an array of strings
        b"\1\0\0\0\0\0\0\0k\x09\0\0\0\x08\0\0\0" + (2**22).to_bytes(8, "little"),  # empty strings
    ):
        with path.open("wb") as file:
            file.write(start + claim)
            file.truncate(2 * length)
        begin = time.perf_counter()
        with pytest.raises(UserError):
            read_info(path)
        assert time.perf_counter() - begin < 3
