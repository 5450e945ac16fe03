"""What a model is, and whether llama.cpp can open it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localtopics.errors import UserError
from localtopics.gguf.checks import check_tensors, read_hyperparameters
from localtopics.gguf.header import Header, MalformedError, TensorInfo, UnsuitableError, Value, read_header


@dataclass(frozen=True)
class ModelInfo:
    """What a model's header says.

    ``heads`` and ``kv_heads`` are the most that any layer has, ``key_length`` and
    ``value_length`` the width of one head. A vocabulary-only file has no tensors, and its numbers may be 0.
    """

    path: Path
    parts: tuple[Path, ...]
    """The files that make up the model, ``path`` first."""
    architecture: str
    name: str
    quantization: str
    """The name people use, such as "Q4_K_M"; where the file does not say it, the type of most weights."""
    tokenizer: str
    """ggml's name: "llama" is SentencePiece, "gpt2" byte-level BPE."""
    vocabulary: int
    """The number of tokens."""
    chat_template: str | None
    """The Jinja template that says how a dialog is written for the model."""
    parameters: int
    """The number of weights."""
    layers: int
    context_length: int
    """Tokens of the longest text that the model was trained for."""
    embedding_length: int
    heads: int
    kv_heads: int
    key_length: int
    value_length: int
    sliding_window: int
    """How many tokens back a layer sees; 0 where every layer sees the whole context."""
    metadata: Mapping[str, Value]
    """Every scalar and string of the header."""
    tensors: tuple[TensorInfo, ...]
    file_bytes: int
    """Bytes of all files together."""


def read_info(path: Path, *, vocabulary_only: bool = False) -> ModelInfo:
    """Read and check the header of a model file, without loading the model.

    llama.cpp answers many malformed files with an abort or a segmentation fault, which would take the whole
    run with it. Every such file is refused here first.

    Args:
        path: A GGUF file; of a model split over several, the first.
        vocabulary_only: Also accept a file that holds a tokenizer and no weights.

    Raises:
        UserError: The file is missing, damaged, no GGUF, or no chat model.
    """
    if not path.is_file():
        raise UserError(f"There is no model file {path}.", command="models list")
    try:
        return _read(path, vocabulary_only)
    except UnsuitableError as error:
        raise UserError(
            f"The model file {path} cannot be used: it {error}; choose a GGUF chat model.",
            command="models pull NAME",
        ) from None
    except MalformedError as error:
        raise UserError(
            f"The model file {path} is damaged or unfinished: it {error}; fetch it again.",
            command="models pull NAME",
        ) from None
    except OSError as error:
        raise UserError(
            f"The model file {path} cannot be read ({error.strerror}); check the disk and its permissions."
        ) from None


def fault(path: Path) -> str | None:
    """What is wrong with a model file, as a clause about it ("lacks the tensor output.weight"), or None."""
    try:
        _read(path, vocabulary_only=False)
    except MalformedError as error:
        return str(error)
    return None


def _read(path: Path, vocabulary_only: bool) -> ModelInfo:
    header = read_header(path)
    parts, tensors = _read_parts(path, header)
    numbers = read_hyperparameters(header, weights=bool(tensors))
    if tensors:
        check_tensors(numbers, tensors)
    elif not vocabulary_only:
        raise UnsuitableError("holds only a vocabulary and no weights")
    template = header.values.get("tokenizer.chat_template")
    return ModelInfo(
        path=path,
        parts=parts,
        architecture=numbers.architecture,
        name=str(header.values.get("general.name", path.stem)),
        quantization=_quantization(header, tensors),
        tokenizer=numbers.tokenizer,
        vocabulary=numbers.vocabulary,
        chat_template=None if template is None else str(template),
        parameters=sum(tensor.elements for tensor in tensors),
        layers=numbers.layers,
        context_length=numbers.context_length,
        embedding_length=numbers.embedding_length,
        heads=max(numbers.heads, default=0),
        kv_heads=max(numbers.kv_heads, default=0),
        key_length=numbers.key_length,
        value_length=numbers.value_length,
        sliding_window=numbers.sliding_window,
        metadata=header.values,
        tensors=tensors,
        file_bytes=sum(part.stat().st_size for part in parts),
    )


_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")


def split_parts(name: str) -> list[str]:
    """The file names of all parts of the model to which ``name`` belongs; [name] where it is not split."""
    match = _PART.fullmatch(name)
    if match is None:
        return [name]
    count = int(match["count"])
    return [f"{match['stem']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)]


def unsplit_stem(name: str) -> str:
    """A model file's name without its suffix, and without the number of its part."""
    match = _PART.fullmatch(name)
    return match["stem"] if match else name.removesuffix(".gguf")


def _read_parts(path: Path, header: Header) -> tuple[tuple[Path, ...], tuple[TensorInfo, ...]]:
    """All files of a model, and all their tensors."""
    count = header.values.get("split.count", 0)
    if header.kinds.get("split.count", "uint16") != "uint16" or not isinstance(count, int):
        raise MalformedError("has split.count of the wrong type")
    if count <= 1:
        return (path,), header.tensors
    names = split_parts(path.name)
    if len(names) != count:
        raise UnsuitableError(
            f"is one of {count} parts but its name does not end in -00001-of-{count:05}.gguf"
        )
    if header.values.get("split.no") != 0 or path.name != names[0]:
        raise UnsuitableError(f"is not the first of its {count} parts, which is {names[0]}")
    parts = tuple(path.with_name(name) for name in names)
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        raise MalformedError(f"is one of {count} parts, and {', '.join(missing)} is not beside it")
    tensors = list(header.tensors)
    for number, part in enumerate(parts[1:], start=1):
        other = read_header(part)
        if other.kinds.get("split.no") != "uint16" or other.values["split.no"] != number:
            raise MalformedError(f"has a part {part.name} that does not belong there")
        tensors += other.tensors
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise MalformedError("has the same tensor in two of its parts")
    if header.values.get("split.tensors.count") != len(tensors):
        raise MalformedError(f"has {len(tensors)} tensors in its parts and not the number it states")
    return parts, tuple(tensors)


# llama.h, llama_ftype: what the numbers in general.file_type mean; 4 to 6 and 33 to 35 are gone
# fmt: off
_QUANTIZATIONS = (
    "F32", "F16", "Q4_0", "Q4_1", None, None, None, "Q8_0", "Q5_0", "Q5_1", "Q2_K", "Q3_K_S", "Q3_K_M",
    "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS",
    "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M", "IQ4_XS", "IQ1_M", "BF16", None, None,
    None, "TQ1_0", "TQ2_0", "MXFP4", "NVFP4", "Q1_0", "Q2_0",
)
# fmt: on


def _quantization(header: Header, tensors: tuple[TensorInfo, ...]) -> str:
    stated = header.values.get("general.file_type")
    named = _QUANTIZATIONS[stated] if isinstance(stated, int) and stated < len(_QUANTIZATIONS) else None
    if named:
        return named
    weights = Counter[str]()
    for tensor in tensors:
        weights[tensor.type] += tensor.bytes
    return weights.most_common(1)[0][0] if weights else "unknown"
