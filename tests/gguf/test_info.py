"""What a model is, read from its files without loading it."""

import time
from pathlib import Path

import gguf
import pytest

from localtopics.errors import UserError
from localtopics.gguf import read_info, split_parts
from tests.gguf.files import edited, put, split, without


def test_info_of_a_whole_model(tiny: Path) -> None:
    info = read_info(tiny)
    reader = gguf.GGUFReader(tiny)
    assert (info.architecture, info.name, info.quantization) == ("llama", "tiny", "F32")
    assert info.tokenizer == "llama"
    assert (info.layers, info.heads, info.kv_heads, info.key_length, info.value_length) == (2, 4, 2, 8, 8)
    assert (info.context_length, info.embedding_length, info.vocabulary) == (256, 32, 269)
    assert info.sliding_window == 0
    assert info.chat_template == "{{ bos_token }}[INST] {{ messages[0]['content'] }} [/INST]"
    assert info.metadata["llama.rope.freq_base"] == 10000.0
    assert info.metadata["tokenizer.ggml.add_bos_token"] is True
    assert info.file_bytes == tiny.stat().st_size
    assert info.parts == (tiny,)
    ours = [(tensor.name, tensor.shape, tensor.type, tensor.offset, tensor.bytes) for tensor in info.tensors]
    theirs = [
        (each.name, tuple(each.shape.tolist()), each.tensor_type.name, each.data_offset, each.n_bytes)
        for each in reader.tensors
    ]
    assert ours == theirs
    assert info.parameters == sum(int(tensor.n_elements) for tensor in reader.tensors)


def test_info_of_a_trained_model(story: Path) -> None:
    info = read_info(story)
    assert (info.layers, info.heads, info.kv_heads) == (5, 8, 4)
    assert (info.vocabulary, info.parameters) == (512, 292_800)


def test_a_sentencepiece_vocabulary_takes_milliseconds(sentencepiece: Path) -> None:
    seconds = []
    for _ in range(5):
        start = time.process_time()
        info = read_info(sentencepiece, vocabulary_only=True)
        seconds.append(time.process_time() - start)
    assert (info.vocabulary, info.tensors, info.quantization) == (16_000, (), "Q8_0")
    assert min(seconds) < 0.2
    with pytest.raises(UserError, match="holds only a vocabulary"):
        read_info(sentencepiece)


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
        info = read_info(path, vocabulary_only=True)
        seconds.append(time.process_time() - start)
    assert info.vocabulary == 128_256
    assert min(seconds) < 0.2


def test_split_model_is_read_as_one(tiny: Path, tmp_path: Path) -> None:
    first, second = split(tiny, tmp_path)
    info, whole = read_info(first), read_info(tiny)
    assert info.parts == (first, second)
    assert info.parameters == whole.parameters
    assert [tensor.name for tensor in info.tensors] == [tensor.name for tensor in whole.tensors]
    assert info.file_bytes == first.stat().st_size + second.stat().st_size
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
