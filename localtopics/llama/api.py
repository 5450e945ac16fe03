"""llama.cpp itself, through llama-cpp-python's low-level API: the one place that imports llama_cpp.

The C library's handles, and the memory that it is given to read, stay inside `LlamaModel` and `LlamaContext`.
"""

from __future__ import annotations

import ctypes
import re
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import llama_cpp
import numpy as np
import numpy.typing as npt

from localtopics.errors import UserError
from localtopics.llama.interrupt import Interrupt
from localtopics.llama.log import clear_log, hear, reason
from localtopics.progress import Advance

KVType = Literal["f16", "q8_0"]
"""The types that a KV cache may have here."""

_KV_TYPES: dict[KVType, int] = {"f16": 1, "q8_0": 8}  # ggml_type


def _listen(level: int, text: bytes, _: object) -> None:
    hear(level, text.decode("utf-8", "replace").strip())


_listener = llama_cpp.llama_log_callback(_listen)  # llama.cpp keeps no reference to it
llama_cpp.llama_log_set(_listener, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()


class LlamaModel:
    """A loaded model with its tokenizer: a llama_model, freed by `close` or when nothing uses it any more.

    Args:
        path: A GGUF that `localtopics.gguf.read_info` has found sound.
        layers: Layers on GPUs, as llama.cpp counts: the output layer first, then the last layers.
        split: Each GPU's share of them; without any, no GPU is used for anything.
        vocabulary_only: Whether to load only the tokenizer.
        dry: Whether to load no weights; contexts of the model then only show what would be allocated.
        relaid: Whether weights may be laid out anew for the processor's matrix units, AMX among them.
        advance: Called with every further hundredth that is loaded.

    Raises:
        MemoryError: there is not enough memory, on a GPU or here.
        UserError: llama.cpp cannot load the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        layers: int = 0,
        split: Sequence[float] = (),
        vocabulary_only: bool = False,
        dry: bool = False,
        relaid: bool = True,
        advance: Advance | None = None,
    ) -> None:
        no_device = (ctypes.c_void_p * 1)(None)
        shares = (ctypes.c_float * llama_cpp.LLAMA_MAX_DEVICES)(*split)
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        parameters.no_alloc = dry
        parameters.use_extra_bufts = relaid
        parameters.n_gpu_layers = layers
        if split:
            parameters.tensor_split = shares
        else:
            parameters.devices = ctypes.cast(no_device, ctypes.c_void_p)
        if split or dry:
            # not mapped: a GPU fetches weights that stay in RAM faster from memory that they are read into
            parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        interrupt, loaded = Interrupt(), 0

        def follow(part: float, _: object) -> bool:
            nonlocal loaded
            if advance is not None and int(100 * part) > loaded:
                advance(int(100 * part) - loaded)
                loaded = int(100 * part)
            return not interrupt.struck

        callback = llama_cpp.llama_progress_callback(follow)
        parameters.progress_callback = callback
        clear_log()
        with interrupt:
            model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not model:
            why = reason()
            if re.search(r"alloc|memory", why):
                raise MemoryError(why)
            raise UserError(f"llama.cpp cannot load {path}: {why}.")
        self._handle: llama_cpp.llama_model_p = model
        self._vocabulary = llama_cpp.llama_model_get_vocab(model)
        self.close = weakref.finalize(self, llama_cpp.llama_model_free, model)
        """Free the model; contexts of it must have been closed before."""
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        """The number of tokens in the vocabulary."""
        bos, eos = llama_cpp.llama_vocab_bos(self._vocabulary), llama_cpp.llama_vocab_eos(self._vocabulary)
        self.bos: int | None = None if bos < 0 else bos
        self.eos: int | None = None if eos < 0 else eos
        self.adds_bos: bool = llama_cpp.llama_vocab_get_add_bos(self._vocabulary)
        """Whether the model expects BOS at the start of every text."""
        self.stateful: bool = llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(
            model
        )
        """Whether it keeps a recurrent state, which cannot be cut back to an earlier position."""
        template = llama_cpp.llama_model_chat_template(model, None)
        self.chat_template: str | None = template.decode("utf-8", "replace") if template else None

    @property
    def closed(self) -> bool:
        """Whether the model has been freed."""
        return not self.close.alive

    @property
    def handle(self) -> llama_cpp.llama_model_p:
        """The llama_model.

        Raises:
            RuntimeError: the model has been closed.
        """
        self._check_open()
        return self._handle

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError("the model has been closed")

    def metadata(self, key: str) -> str:
        """A short string of the GGUF's metadata, such as ``general.architecture``; "" where it has none."""
        buffer = ctypes.create_string_buffer(64)
        llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """The tokens of UTF-8 text, without BOS and EOS; ``special``: control tokens are known by name."""
        self._check_open()
        room = len(text) + 8
        tokens = (ctypes.c_int32 * room)()
        count = llama_cpp.llama_tokenize(self._vocabulary, text, len(text), tokens, room, False, special)
        if count < 0:
            room = -count
            tokens = (ctypes.c_int32 * room)()
            count = llama_cpp.llama_tokenize(self._vocabulary, text, len(text), tokens, room, False, special)
        return list(tokens[:count])

    def detokenize(self, tokens: Sequence[int], *, special: bool) -> bytes:
        """The text of tokens in UTF-8; control tokens are left out, or with ``special`` written by name."""
        self._check_open()
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        room = 16 * len(tokens) + 16
        for _ in range(2):
            text = ctypes.create_string_buffer(room)
            size: int = llama_cpp.llama_detokenize(
                self._vocabulary, array, len(tokens), text, room, False, special
            )
            if size >= 0:
                break
            room = -size
        return text.raw[:size]

    def piece(self, token: int) -> bytes:
        """The bytes that a generated token adds to a text; none for control tokens."""
        self._check_open()
        room = 64
        for _ in range(2):
            text = ctypes.create_string_buffer(room)
            size: int = llama_cpp.llama_token_to_piece(self._vocabulary, token, text, room, 0, False)
            if size >= 0:
                break
            room = -size
        return text.raw[:size]

    def is_end(self, token: int) -> bool:
        """Whether the token ends a turn (end of sequence, end of turn)."""
        self._check_open()
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))


@dataclass(frozen=True, kw_only=True)
class ContextParameters:
    """The size of a context and how it computes (llama_context_params)."""

    cells: int
    """KV cells of all sequences (n_ctx)."""
    batch: int
    """The most rows of one decode call (n_batch)."""
    ubatch: int
    """The most rows that are computed at once (n_ubatch)."""
    sequences: int
    """KV sequences (n_seq_max), and the most rows of a decode call whose logits are wanted."""
    unified: bool
    """Whether all sequences share one set of cells."""
    kv_type: KVType = "f16"
    flash_attention: bool | None = None
    """Whether to use flash attention; None leaves it to llama.cpp."""
    threads: int | None = None
    """CPU threads; None leaves them to llama.cpp."""


class LlamaContext:
    """A KV cache and what computes in it: a llama_context, freed by `close` or when nothing uses it any more.

    Raises:
        MemoryError: there is not enough memory, on a GPU or here.
    """

    def __init__(self, model: LlamaModel, parameters: ContextParameters) -> None:
        self._unified = parameters.unified
        self._rows = parameters.batch
        self._vocabulary = model.size
        self._interrupt = interrupt = Interrupt()
        self._abort = llama_cpp.ggml_abort_callback(
            lambda _: interrupt.struck
        )  # llama.cpp keeps no reference
        values = llama_cpp.llama_context_default_params()
        values.n_ctx = parameters.cells
        values.n_batch = parameters.batch
        values.n_ubatch = parameters.ubatch
        values.n_seq_max = parameters.sequences
        # a row a sequence: else the compute buffer would hold logits of every token
        values.n_outputs_max = parameters.sequences
        values.kv_unified = parameters.unified
        values.flash_attn_type = -1 if parameters.flash_attention is None else int(parameters.flash_attention)
        values.type_k = values.type_v = _KV_TYPES[parameters.kv_type]
        values.abort_callback = self._abort
        if parameters.threads is not None:
            values.n_threads = values.n_threads_batch = parameters.threads
        clear_log()
        context = llama_cpp.llama_init_from_model(model.handle, values)
        if not context:
            raise MemoryError(reason())
        self._handle = context
        self._memory = llama_cpp.llama_get_memory(context)
        self.close = weakref.finalize(self, _free_context, context, model)
        """Free the KV cache and the compute buffers."""
        self._tokens = np.zeros(self._rows, np.int32)
        self._positions = np.zeros(self._rows, np.int32)
        self._counts = np.ones(self._rows, np.int32)
        self._ids = np.arange(parameters.sequences, dtype=np.int32)
        self._id_pointers = np.zeros(self._rows, np.uintp)
        self._outputs = np.zeros(self._rows, np.int8)
        integers = ctypes.POINTER(ctypes.c_int32)
        self._batch = llama_cpp.llama_batch(
            token=self._tokens.ctypes.data_as(integers),
            pos=self._positions.ctypes.data_as(integers),
            n_seq_id=self._counts.ctypes.data_as(integers),
            seq_id=self._id_pointers.ctypes.data_as(ctypes.POINTER(integers)),
            logits=self._outputs.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def clear(self) -> None:
        """Empty the KV cache."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def copy(self, source: int, target: int, start: int) -> None:
        """Let one sequence have another's cells from position ``start`` on; all of them where KV is split."""
        if not self._unified:  # a copy of anything but a whole sequence aborts the process
            start = -1
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, start, -1)

    def remove(self, sequence: int, start: int) -> None:
        """Drop a sequence's cells from position ``start`` on.

        Raises:
            RuntimeError: llama.cpp cannot cut this model's state there.
        """
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, -1):
            raise RuntimeError(f"llama.cpp refused to remove sequence {sequence} from position {start} on")

    def decode(
        self,
        tokens: Sequence[int],
        *,
        positions: Sequence[int],
        sequences: Sequence[int],
        outputs: Sequence[bool],
        beside: Mapping[int, Sequence[int]],
    ) -> None:
        """Compute one batch of rows, of which entry i of each sequence is row i.

        Args:
            tokens: The rows' tokens.
            positions: Their positions in their sequences.
            sequences: The sequences that they belong to.
            outputs: Whose logits are wanted.
            beside: The further sequences that share a row, by the row's number.

        Raises:
            RuntimeError: there are more rows than the context takes, or llama.cpp fails.
            KeyboardInterrupt: Ctrl-C; at once while the CPU computes, else after the call.
        """
        rows = self._batch.n_tokens = len(tokens)
        if rows > self._rows:  # llama.cpp would abort the process
            raise RuntimeError(f"a batch of {rows} rows where {self._rows} fit")
        self._tokens[:rows] = tokens
        self._positions[:rows] = positions
        self._id_pointers[:rows] = np.asarray(sequences, np.uintp) * 4 + self._ids.ctypes.data
        self._outputs[:rows] = outputs
        self._counts[:rows] = 1
        shared = {row: np.array([sequences[row], *more], np.int32) for row, more in beside.items()}
        for row, ids in shared.items():
            self._counts[row] = len(ids)
            self._id_pointers[row] = ids.ctypes.data
        clear_log()
        with self._interrupt:
            code = llama_cpp.llama_decode(self._handle, self._batch)
        if code == 2:
            raise KeyboardInterrupt
        if code:
            raise RuntimeError(f"llama_decode ended with {code}: {reason()}")

    def logits(self, rows: int) -> npt.NDArray[np.float32]:
        """The logits of the last batch's outputs, float32 [rows, vocabulary].

        They are a view that the next batch overwrites.
        """
        if not rows:
            return np.empty((0, self._vocabulary), np.float32)
        pointer = llama_cpp.llama_get_logits(self._handle)
        return np.ctypeslib.as_array(pointer, (rows, self._vocabulary))


def _free_context(context: llama_cpp.llama_context_p, _: LlamaModel) -> None:
    """Free a context; that this holds its model keeps the model until then."""
    llama_cpp.llama_free(context)


def supports_gpus() -> bool:
    """Whether this build of llama.cpp has code for any GPU."""
    return bool(llama_cpp.llama_supports_gpu_offload())


def system_info() -> str:
    """How llama.cpp describes its backends and what they use of the processor."""
    return str(llama_cpp.llama_print_system_info().decode("utf-8", "replace"))


def library(symbol: str) -> ctypes.CDLL | None:
    """The one of llama.cpp's libraries that has a function or mark which the Python package does not declare.

    On Linux and macOS all of them answer through libllama; a Windows DLL answers for itself alone.
    """
    found: list[ctypes.CDLL] = [llama_cpp.llama_cpp._lib]
    beside = Path(llama_cpp.__file__).parent / "lib"
    found += [ctypes.CDLL(str(path)) for path in sorted(beside.glob("ggml*.dll"))]
    return next((each for each in found if hasattr(each, symbol)), None)


def versions() -> str:
    """The versions of llama-cpp-python and of llama.cpp, for people."""
    return f"llama-cpp-python {llama_cpp.__version__}, llama.cpp {llama_cpp.llama_version().decode()}"
