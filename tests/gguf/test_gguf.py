"""Reading model files without loading them, and refusing those that llama.cpp would die of."""

import ctypes
import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localtopics.errors import UserError
from localtopics.gguf import read_info, split_parts
from localtopics.gguf.header import TENSOR_TYPES
from tests.gguf.mutants import Entry, File, Kind, Tensor, tiny_model

PROBE = Path(__file__).with_name("probe.py")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="module")
def tiny_bpe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf", "llama", "gpt2")


def probe(model: Path, *options: str) -> list[tuple[str, str, str]]:
    """What was done to each mutant of a model, what became of it, and what our check said."""
    process = subprocess.run(
        [sys.executable, PROBE, model, *options], capture_output=True, text=True, check=True, timeout=280
    )
    return [tuple(json.loads(line)) for line in process.stdout.splitlines()]


def assert_no_deaths(outcomes: list[tuple[str, str, str]]) -> Counter[str]:
    assert [(name, became) for name, became, _ in outcomes if became.startswith("died")] == []
    sentences = [said for _, _, said in outcomes if said]
    assert all(
        said.startswith(("The model file FILE ", "There is no ")) and "\n" not in said for said in sentences
    )
    return Counter(became for _, became, _ in outcomes)


def test_card_of_a_whole_model(tiny: Path) -> None:
    card = read_info(tiny)
    reader = gguf.GGUFReader(tiny)
    assert (card.architecture, card.name, card.quantization, card.tokenizer) == (
        "llama",
        "tiny",
        "F32",
        "llama",
    )
    assert (card.layers, card.heads, card.kv_heads, card.key_length, card.value_length) == (2, 4, 2, 8, 8)
    assert (card.context_length, card.embedding_length, card.vocabulary) == (256, 32, 269)
    assert card.sliding_window == 0
    assert card.chat_template == "{{ bos_token }}[INST] {{ messages[0]['content'] }} [/INST]"
    assert card.metadata["llama.rope.freq_base"] == 10000.0
    assert card.metadata["tokenizer.ggml.add_bos_token"] is True
    assert card.file_bytes == tiny.stat().st_size
    assert card.parts == (tiny,)
    ours = [(tensor.name, tensor.shape, tensor.type, tensor.offset, tensor.bytes) for tensor in card.tensors]
    theirs = [
        (
            tensor.name,
            tuple(tensor.shape.tolist()),
            tensor.tensor_type.name,
            tensor.data_offset,
            tensor.n_bytes,
        )
        for tensor in reader.tensors
    ]
    assert ours == theirs
    assert card.parameters == sum(int(tensor.n_elements) for tensor in reader.tensors)


def test_card_of_a_trained_model(story: Path) -> None:
    card = read_info(story)
    assert (card.layers, card.heads, card.kv_heads, card.vocabulary, card.parameters) == (
        5,
        8,
        4,
        512,
        292_800,
    )


def test_a_sentencepiece_vocabulary_takes_milliseconds(labeller: Path, tmp_path: Path) -> None:
    path = edited(labeller, tmp_path / "vocabulary.gguf", lambda file: setattr(file, "tensors", []))
    seconds = []
    for _ in range(5):
        start = time.process_time()
        card = read_info(path, vocabulary_only=True)
        seconds.append(time.process_time() - start)
    assert (card.vocabulary, card.tensors, card.quantization) == (16_000, (), "Q8_0")
    assert min(seconds) < 0.2
    with pytest.raises(UserError, match="holds only a vocabulary"):
        read_info(path)


def test_llama_3_sized_vocabulary_takes_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token{number}" for number in range(128_256)])
    writer.add_token_types([1] * 128_256)
    writer.add_token_merges([f"a{number} b" for number in range(280_147)])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    seconds = []
    for _ in range(5):
        start = time.process_time()
        card = read_info(path, vocabulary_only=True)
        seconds.append(time.process_time() - start)
    assert card.vocabulary == 128_256
    assert min(seconds) < 0.2


def test_sizes_of_tensor_types_are_ggmls() -> None:
    from llama_cpp import _ctypes_extensions as extensions
    from llama_cpp.llama_cpp import __file__ as home

    ggml = extensions.load_shared_library("ggml-base", Path(home).parent / "lib")
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


# --- what llama.cpp does with the files that we accept, and with those that we refuse ---


def test_llama_cpp_survives_every_mutant_we_accept(tiny: Path) -> None:
    outcomes = probe(tiny, "--every", "5")
    assert len(outcomes) >= 900
    became = assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")
    assert became["ran"] > 50
    assert became["refused"] > 10 * became["failed"]


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "experts"),
    [("llama", "gpt2", 0), ("llama", "llama", 4), ("qwen3", "gpt2", 0), ("gemma3", "llama", 0)],
)
def test_llama_cpp_survives_other_families(
    tmp_path: Path, architecture: str, tokenizer: str, experts: int
) -> None:
    outcomes = probe(tiny_model(tmp_path / "tiny.gguf", architecture, tokenizer, experts), "--every", "23")
    assert len(outcomes) >= 200
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


def test_llama_cpp_survives_mutants_of_a_trained_model(story: Path) -> None:
    outcomes = probe(story, "--every", "31")
    assert len(outcomes) >= 200
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


@pytest.mark.parametrize("tokenizer", ["llama", "gpt2"])
def test_llama_cpp_survives_vocabularies(tmp_path: Path, tokenizer: str) -> None:
    whole = tiny_model(tmp_path / "whole.gguf", "llama", tokenizer)
    model = edited(whole, tmp_path / "vocabulary.gguf", lambda file: setattr(file, "tensors", []))
    outcomes = probe(model, "--every", "11", "--vocabulary")
    assert len(outcomes) >= 150
    assert_no_deaths(outcomes)
    assert outcomes[0][:2] == ("whole", "ran")


def test_the_check_is_needed_and_the_probe_sees_deaths(tiny: Path) -> None:
    """Without our check llama.cpp dies of some of the same files; the test above could fail."""
    outcomes = probe(tiny, "--every", "41", "--unchecked")
    died = [(name, said) for name, became, said in outcomes if became.startswith("died")]
    assert len(died) >= 3
    assert all(said for _, said in died)


# --- single faults, each with its own sentence ---


def edited(model: Path, to: Path, change: Any) -> Path:
    file = File.read(model)
    change(file)
    to.write_bytes(file.bytes())
    return to


def put(file: File, key: str, value: object, kind: int = Kind.UINT32, element: int = 0) -> None:
    file.entries = [entry for entry in file.entries if entry.key != key]
    file.entries.append(Entry(key, kind, value, element))


def put_tensor(file: File, name: str, **changes: Any) -> None:
    file.tensors = [replace(each, **changes) if each.name == name else each for each in file.tensors]


def without(file: File, name: str) -> None:
    file.tensors = [tensor for tensor in file.tensors if tensor.name != name]
    file.entries = [entry for entry in file.entries if entry.key != name]


FAULTS = {
    "llama.attention.head_count_kv": (
        lambda file: put(file, "llama.attention.head_count_kv", 3),
        r"impossible numbers of attention heads \(4 on 3\)",
    ),
    "llama.block_count": (
        lambda file: put(file, "llama.block_count", 3),
        r"lacks the tensor blk.2.attn_norm.weight",
    ),
    "fewer layers": (
        lambda file: put(file, "llama.block_count", 1),
        r"blk.1.attn_norm.weight beyond its 1 layers",
    ),
    "no layers": (lambda file: put(file, "llama.block_count", 0), r"impossible llama.block_count \(0\)"),
    "llama.embedding_length": (
        lambda file: put(file, "llama.embedding_length", 64),
        r"impossible llama.rope.dimension_count \(8\)",
    ),
    "llama.feed_forward_length": (
        lambda file: put(file, "llama.feed_forward_length", 65),
        r"blk.0.ffn_gate.weight in shape \(32, 64\) where \(32, 65\) belongs",
    ),
    "a token too few": (
        lambda file: put_tensor(file, "token_embd.weight", shape=(32, 268), data=bytes(32 * 268 * 4)),
        r"token_embd.weight in shape \(32, 268\) where \(32, 269\) belongs",
    ),
    "a wrong type": (
        lambda file: put(file, "llama.block_count", 2, Kind.INT32),
        r"llama.block_count of the wrong type",
    ),
    "a nested array": (
        lambda file: put(file, "x.y", [1], Kind.ARRAY, Kind.ARRAY),
        r"array of unknown type at the metadata key x.y",
    ),
    "an unknown rope scaling": (
        lambda file: put(file, "llama.rope.scaling.type", "su", Kind.STRING),
        r'unknown rope scaling \("su"\)',
    ),
    "alignment": (lambda file: put(file, "general.alignment", 3), r"impossible alignment \(3\)"),
    "small alignment": (lambda file: put(file, "general.alignment", 8), r"aligns its tensors to 8 bytes"),
    "an adapter": (
        lambda file: put(file, "general.type", "adapter", Kind.STRING),
        r"a part of one \(adapter\)",
    ),
    "an encoder": (
        lambda file: put(file, "general.architecture", "bert", Kind.STRING),
        r"is a bert model, which does not write text",
    ),
    "no tokenizer": (lambda file: without(file, "tokenizer.ggml.tokens"), r"has no tokenizer"),
    "no weights": (lambda file: setattr(file, "tensors", []), r"holds only a vocabulary and no weights"),
    "no norm": (lambda file: without(file, "output_norm.weight"), r"lacks the tensor output_norm.weight"),
    "an unknown tensor type": (
        lambda file: put_tensor(file, "output.weight", kind=99),
        r"output.weight of a type \(99\) that llama.cpp cannot read",
    ),
    "a shape that the type cannot have": (
        lambda file: put_tensor(file, "blk.0.attn_norm.weight", kind=12),
        r"blk.0.attn_norm.weight in a shape that Q4_K cannot have",
    ),
    "a swapped shape": (
        lambda file: put_tensor(file, "blk.1.ffn_up.weight", shape=(64, 32)),
        r"blk.1.ffn_up.weight in shape \(64, 32\) where \(32, 64\) belongs",
    ),
    "an overlap": (
        lambda file: put_tensor(file, "output.weight", offset=0),
        r"output.weight at another place",
    ),
    "a duplicate tensor": (
        lambda file: file.tensors.append(Tensor("output.weight", (8,), 0, bytes(32))),
        r"has the tensor output.weight twice",
    ),
    "a duplicate key": (
        lambda file: file.entries.append(Entry("general.name", Kind.STRING, "again")),
        r"has the metadata key general.name twice",
    ),
    "a norm in half precision": (
        lambda file: put_tensor(file, "output_norm.weight", kind=1, data=bytes(64)),
        r"output_norm.weight as F16, which must be F32",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_sentence(tiny: Path, tmp_path: Path, fault: str) -> None:
    change, says = FAULTS[fault]
    with pytest.raises(UserError, match=says) as caught:
        read_info(edited(tiny, tmp_path / "model.gguf", change))
    assert str(caught.value).count(". ") == 0
    assert "`localtopics models pull`" in str(caught.value)


def test_header_layout_of_the_mutants_is_right(tiny: Path, tmp_path: Path) -> None:
    again = edited(tiny, tmp_path / "again.gguf", lambda file: None)
    assert read_info(again).tensors == read_info(tiny).tensors


# --- split models ---


def split(model: Path, folder: Path) -> list[Path]:
    """The model in two parts, as llama-gguf-split writes them: all keys in the first."""
    file = File.read(model)
    half = len(file.tensors) // 2
    first, second = replace(file, tensors=file.tensors[:half]), File([], file.tensors[half:])
    paths = []
    for number, part in enumerate((first, second)):
        put(part, "split.no", number, Kind.UINT16)
        put(part, "split.count", 2, Kind.UINT16)
        put(part, "split.tensors.count", len(file.tensors), Kind.INT32)
        paths.append(folder / f"tiny-0000{number + 1}-of-00002.gguf")
        paths[-1].write_bytes(part.bytes())
    return paths


def test_split_model_is_read_as_one(tiny: Path, tmp_path: Path) -> None:
    first, second = split(tiny, tmp_path)
    card, whole = read_info(first), read_info(tiny)
    assert card.parts == (first, second)
    assert card.parameters == whole.parameters
    assert [tensor.name for tensor in card.tensors] == [tensor.name for tensor in whole.tensors]
    assert card.file_bytes == first.stat().st_size + second.stat().st_size
    assert split_parts(first.name) == [first.name, second.name]
    assert split_parts("model.gguf") == ["model.gguf"]


def test_split_model_without_a_part(tiny: Path, tmp_path: Path) -> None:
    first, second = split(tiny, tmp_path)
    with pytest.raises(UserError, match=r"is not the first of its 2 parts, which is tiny-00001-of-00002"):
        read_info(second)
    kept = second.read_bytes()
    second.unlink()
    with pytest.raises(UserError, match=r"tiny-00002-of-00002.gguf is not beside it"):
        read_info(first)
    second.write_bytes(kept[:100])
    with pytest.raises(UserError, match="ends inside its header"):
        read_info(first)
    second.write_bytes(first.read_bytes())
    with pytest.raises(UserError, match="does not belong there"):
        read_info(first)
    second.write_bytes(kept)
    with pytest.raises(UserError, match=r"name does not end in -00001-of-00002.gguf"):
        read_info(first.rename(tmp_path / "renamed.gguf"))


def test_quantization_without_a_file_type(tiny: Path, tmp_path: Path) -> None:
    path = edited(tiny, tmp_path / "model.gguf", lambda file: without(file, "general.file_type"))
    assert read_info(path).quantization == "F32"
    path = edited(tiny, tmp_path / "model.gguf", lambda file: put(file, "general.file_type", 15))
    assert read_info(path).quantization == "Q4_K_M"


def test_per_layer_heads(tiny: Path, tmp_path: Path) -> None:
    """Heads may be given for each layer; the card tells the most."""

    def change(file: File) -> None:
        put(file, "llama.attention.head_count_kv", [2, 1], Kind.ARRAY, Kind.UINT32)
        for name in ("blk.1.attn_k.weight", "blk.1.attn_v.weight"):
            put_tensor(file, name, shape=(32, 8), data=np.zeros((8, 32), np.float32).tobytes())

    assert read_info(edited(tiny, tmp_path / "model.gguf", change)).kv_heads == 2
    with pytest.raises(UserError, match="another number of layers"):
        read_info(
            edited(
                tiny,
                tmp_path / "model.gguf",
                lambda file: put(file, "llama.attention.head_count_kv", [2], Kind.ARRAY, Kind.UINT32),
            )
        )
