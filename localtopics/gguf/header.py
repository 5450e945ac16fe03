"""A GGUF file's header, read strictly and without trusting one number in it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian. What is
refused here is what the format forbids, and what llama.cpp's own reader (``ggml/src/gguf.cpp``) refuses or
dies of.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

Value = bool | int | float | str
"""A metadata value that is no array."""


class MalformedError(Exception):
    """What is wrong with a model file, as a clause that follows "it": "ends inside its header"."""


class UnsuitableError(MalformedError):
    """The file may be whole, but it is nothing that localtopics can use."""


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a model file.

    ``shape`` is in GGUF's order: the length of a row first. ``offset`` counts from the file's first byte, and
    ``bytes`` is the length of the data there, padding not counted. ``type`` is ggml's name ("Q4_K", "F32").
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    bytes: int

    @property
    def elements(self) -> int:
        """How many numbers the tensor holds."""
        return _product(self.shape)


@dataclass
class Header:
    """What stands before the tensors' data in one file."""

    kinds: dict[str, str] = field(default_factory=dict)
    """The type of every key: "uint32", "string", "string[]"."""
    values: dict[str, Value] = field(default_factory=dict)
    """All scalars and strings."""
    arrays: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """Arrays of numbers with at most 1,024 elements; longer ones are skipped."""
    lengths: dict[str, int] = field(default_factory=dict)
    """The number of elements of every array."""
    tokens: frozenset[bytes] = frozenset()
    """The vocabulary, as llama.cpp stores it."""
    tensors: tuple[TensorInfo, ...] = ()


TENSOR_TYPES = {
    # number in the file: (name, elements in a block, bytes of a block); ggml/src/ggml.c, type_traits
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
    42: ("Q2_0", 64, 18),
}

_SCALARS = {
    0: ("uint8", "<B"),
    1: ("int8", "<b"),
    2: ("uint16", "<H"),
    3: ("int16", "<h"),
    4: ("uint32", "<I"),
    5: ("int32", "<i"),
    6: ("float32", "<f"),
    7: ("bool", "<?"),
    10: ("uint64", "<Q"),
    11: ("int64", "<q"),
    12: ("float64", "<d"),
}
_STRING, _ARRAY = 8, 9

# Far beyond any real model (the longest headers have 10 MB): a wrong count costs neither time nor memory.
_HEADER_BYTES = 256 << 20
_KEYS = 1 << 16
_TENSORS = 1 << 17
_ELEMENTS = 1 << 22
_STRING_BYTES = 16 << 20
_KEPT_ELEMENTS = 1024
_NAME_BYTES = 63  # ggml's GGML_MAX_NAME, less the terminating zero


class _Cursor:
    """Takes the header's fields in order and never goes past the end of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.data = b""
        self.at = 0

    def need(self, end: int) -> bytes:
        """Everything read so far, at least up to the byte ``end``."""
        if end > self.size:
            raise MalformedError("ends inside its header")
        if end > _HEADER_BYTES:
            raise MalformedError("has a header longer than any model's")
        if end > len(self.data):
            self.data += self.file.read(max(end - len(self.data), len(self.data), 1 << 20))
            if end > len(self.data):  # the file shrank while it was read
                raise MalformedError("ends inside its header")
        return self.data

    def number(self, code: str) -> int | float | bool:
        start, self.at = self.at, self.at + struct.calcsize(code)
        (value,) = struct.unpack_from(code, self.need(self.at), start)
        return value  # type: ignore[no-any-return]

    def integer(self, code: str) -> int:
        return int(self.number(code))

    def string(self) -> bytes:
        length = self.integer("<Q")
        if length > _STRING_BYTES:
            raise MalformedError(f"has a string of {length:,} bytes in its header")
        start, self.at = self.at, self.at + length
        return self.need(self.at)[start : self.at]

    def strings(self, count: int) -> list[bytes]:
        unpack = struct.Struct("<Q").unpack_from
        data, at, texts = self.data, self.at, []
        for _ in range(count):
            if at + 8 > len(data):
                data = self.need(at + 8)
            start = at + 8
            at = start + unpack(data, at)[0]
            if at > len(data):
                data = self.need(at)
            texts.append(data[start:at])
        self.at = at
        return texts

    def skip_strings(self, count: int) -> None:
        # The longest loop over a header (280,000 merges of a Llama 3 tokenizer), hence without a test in it.
        unpack = struct.Struct("<Q").unpack_from
        data, at = self.data, self.at
        for _ in range(count):
            try:
                at += 8 + unpack(data, at)[0]
            except (struct.error, OverflowError):  # not read yet, or beyond the file
                data = self.need(at + 8)
                at += 8 + unpack(data, at)[0]
        self.at = at
        self.need(at)


def read_header(path: Path) -> Header:
    """Read the header of one GGUF file.

    Raises:
        MalformedError: The file breaks the format, or its tensors' data is not all there.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        cursor = _Cursor(file, size)
        _check_start(cursor)
        tensor_count, key_count = cursor.integer("<Q"), cursor.integer("<Q")
        if key_count > _KEYS:
            raise MalformedError(f"claims to hold {key_count:,} metadata keys")
        if tensor_count > _TENSORS:
            raise MalformedError(f"claims to hold {tensor_count:,} tensors")
        header = Header()
        for _ in range(key_count):
            _read_key(cursor, header)
        header.tensors = _read_tensors(cursor, tensor_count, _alignment(header))
        return header


def _check_start(cursor: _Cursor) -> None:
    if cursor.size == 0:
        raise MalformedError("is empty")
    start = cursor.need(min(cursor.size, 64))[:64]
    if start[:4] != b"GGUF":
        if start.startswith(b"version https://git-lfs"):
            raise UnsuitableError("is a Git LFS pointer and not the model itself")
        if start[:4] in (b"lmgg", b"fmgg", b"tjgg", b"algg"):
            raise UnsuitableError("is in the GGML format that came before GGUF")
        raise UnsuitableError("is no GGUF file")
    cursor.at = 4
    version = cursor.integer("<I")
    if version & 0xFFFF == 0 and version:
        raise UnsuitableError("is written for big-endian machines")
    if version not in (2, 3):
        raise UnsuitableError(f"is of GGUF version {version}, and only 2 and 3 can be read")


def _read_key(cursor: _Cursor, header: Header) -> None:
    name = cursor.string()
    if not name or len(name) > 0xFFFF or not name.isascii() or not name.decode("ascii").isprintable():
        raise MalformedError("has a metadata key that is no name")
    key = name.decode("ascii")
    if key in header.kinds:
        raise MalformedError(f"has the metadata key {key} twice")
    kind = cursor.integer("<I")
    if kind == _ARRAY:
        _read_array(cursor, header, key)
    elif kind == _STRING:
        header.kinds[key] = "string"
        header.values[key] = cursor.string().decode("utf-8", errors="replace")
    elif kind in _SCALARS:
        header.kinds[key], code = _SCALARS[kind]
        header.values[key] = cursor.number(code)
    else:
        raise MalformedError(f"has a value of unknown type at the metadata key {key}")


def _read_array(cursor: _Cursor, header: Header, key: str) -> None:
    kind, count = cursor.integer("<I"), cursor.integer("<Q")
    if count > _ELEMENTS:
        raise MalformedError(f"has an array of {count:,} elements at the metadata key {key}")
    header.lengths[key] = count
    if kind == _STRING:
        header.kinds[key] = "string[]"
        if key == "tokenizer.ggml.tokens":
            header.tokens = _vocabulary(cursor.strings(count))
        else:
            cursor.skip_strings(count)
    elif kind in _SCALARS:
        scalar, code = _SCALARS[kind]
        header.kinds[key] = scalar + "[]"
        start, cursor.at = cursor.at, cursor.at + count * struct.calcsize(code)
        data = cursor.need(cursor.at)
        if count <= _KEPT_ELEMENTS:
            header.arrays[key] = struct.unpack_from(f"<{count}{code[1]}", data, start)
    else:
        raise MalformedError(f"has an array of unknown type at the metadata key {key}")


def _vocabulary(texts: list[bytes]) -> frozenset[bytes]:
    tokens = frozenset(texts)
    if b"" in tokens or b"\0" in b"".join(texts):
        # llama.cpp cuts a token at a zero byte and names an empty one by its place ...
        texts = [text.partition(b"\0")[0] or b"[EMPTY_%d]" % place for place, text in enumerate(texts)]
        tokens = frozenset(texts)
    if len(tokens) != len(texts):  # ... and aborts when two are equal
        raise MalformedError("has the same token twice in its vocabulary")
    return tokens


def _alignment(header: Header) -> int:
    kind = header.kinds.get("general.alignment", "uint32")
    alignment = header.values.get("general.alignment", 32)
    if kind != "uint32" or not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise MalformedError(f"has an impossible alignment ({alignment})")
    if alignment % 32:  # llama.cpp maps the file, and ggml asserts 32-byte alignment of what it maps
        raise MalformedError(f"aligns its tensors to {alignment} bytes, and llama.cpp needs 32")
    return alignment


def _read_tensors(cursor: _Cursor, count: int, alignment: int) -> tuple[TensorInfo, ...]:
    tensors: dict[str, TensorInfo] = {}
    end = 0  # of the data so far, counted from where the data begins
    for _ in range(count):
        tensor = _read_tensor(cursor)
        if tensor.name in tensors:
            raise MalformedError(f"has the tensor {tensor.name} twice")
        if tensor.offset != end:
            raise MalformedError(
                f"has the tensor {tensor.name} at another place than the tensors before it leave"
            )
        end += _padded(tensor.bytes, alignment)
        tensors[tensor.name] = tensor
    data = _padded(cursor.at, alignment)
    for tensor in tensors.values():
        if data + tensor.offset + tensor.bytes > cursor.size:
            raise MalformedError(f"ends before the data of the tensor {tensor.name}")
    return tuple(
        TensorInfo(tensor.name, tensor.shape, tensor.type, data + tensor.offset, tensor.bytes)
        for tensor in tensors.values()
    )


def _read_tensor(cursor: _Cursor) -> TensorInfo:
    """Read one tensor's entry; its offset still counts from where the data begins."""
    raw = cursor.string()
    if not raw or len(raw) > _NAME_BYTES or not raw.isascii() or not raw.decode("ascii").isprintable():
        raise MalformedError("has a tensor without a proper name")
    name = raw.decode("ascii")
    dimensions = cursor.integer("<I")
    if not 1 <= dimensions <= 4:
        raise MalformedError(f"has the tensor {name} with {dimensions} dimensions")
    shape = tuple(cursor.integer("<Q") for _ in range(dimensions))
    kind, offset = cursor.integer("<I"), cursor.integer("<Q")
    if kind not in TENSOR_TYPES:
        raise MalformedError(f"has the tensor {name} of a type ({kind}) that llama.cpp cannot read")
    type_name, block_elements, block_bytes = TENSOR_TYPES[kind]
    if min(shape) == 0 or shape[0] % block_elements:
        raise MalformedError(f"has the tensor {name} in a shape that {type_name} cannot have")
    return TensorInfo(name, shape, type_name, offset, _product(shape) // block_elements * block_bytes)


def _padded(length: int, alignment: int) -> int:
    return -(-length // alignment) * alignment


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
