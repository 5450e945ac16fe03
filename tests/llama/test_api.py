"""llama.cpp's handles: what would crash the process is refused, and everything is freed."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from localtopics.errors import UserError
from localtopics.llama.api import ContextParameters, LlamaContext, LlamaModel
from localtopics.llama.log import recording

SIZE = ContextParameters(cells=256, batch=32, ubatch=32, sequences=2, unified=True, threads=1)


@pytest.fixture
def model(story: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(story)
    yield model
    model.close()


def decode(context: LlamaContext, tokens: list[int], start: int = 0, sequence: int = 0) -> int:
    """The likeliest token after these."""
    count = len(tokens)
    context.decode(
        tokens,
        positions=range(start, start + count),
        sequences=[sequence] * count,
        outputs=[False] * (count - 1) + [True],
        beside={},
    )
    logits = context.logits(1)
    assert (logits.shape, logits.dtype) == ((1, 512), np.dtype(np.float32))
    return int(logits.argmax())


@pytest.mark.parametrize("unified", [True, False])
def test_cells_are_copied_and_removed(model: LlamaModel, unified: bool) -> None:
    tokens = [1, *model.tokenize(b"Once upon a time", special=False)]
    parameters = ContextParameters(
        cells=512, batch=32, ubatch=32, sequences=2, unified=unified, kv_type="f16", threads=1
    )
    context = LlamaContext(model, parameters)
    following = decode(context, tokens)
    context.copy(0, 1, 0)
    context.remove(0, len(tokens) - 1)
    assert decode(context, tokens[-1:], len(tokens) - 1) == following
    context.remove(1, len(tokens) - 1)
    assert decode(context, tokens[-1:], len(tokens) - 1, sequence=1) == following
    context.clear()
    assert decode(context, tokens) == following
    context.close()
    context.close()


def test_nothing_wanted_is_no_rows(model: LlamaModel) -> None:
    assert LlamaContext(model, SIZE).logits(0).shape == (0, model.size)


def test_more_rows_than_the_context_takes_are_refused(model: LlamaModel) -> None:
    context = LlamaContext(model, SIZE)
    with pytest.raises(RuntimeError, match="a batch of 33 rows where 32 fit"):
        decode(context, [1] * 33)
    assert decode(context, [1] * 32) >= 0


def test_a_gap_is_an_error_with_llama_cpps_reason(model: LlamaModel) -> None:
    context = LlamaContext(model, SIZE)
    decode(context, [1, 2, 3])
    with pytest.raises(RuntimeError, match="llama_decode ended with -1: "):
        decode(context, [4], start=9)


def test_a_context_for_which_there_is_no_memory(model: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_cpp, "llama_init_from_model", lambda *_: None)
    with pytest.raises(MemoryError, match="gave no reason"):
        LlamaContext(model, SIZE)


def test_a_closed_model_is_used_no_more(model: LlamaModel) -> None:
    model.close()
    assert model.closed
    with pytest.raises(RuntimeError, match="closed"):
        LlamaContext(model, SIZE)
    with pytest.raises(RuntimeError, match="closed"):
        model.metadata("general.architecture")


def test_a_context_that_nobody_closed_is_freed_before_its_model(
    story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[str] = []
    free_context, free_model = llama_cpp.llama_free, llama_cpp.llama_model_free

    def context_freed(context: llama_cpp.llama_context_p) -> None:
        freed.append("context")
        free_context(context)

    def model_freed(model: llama_cpp.llama_model_p) -> None:
        freed.append("model")
        free_model(model)

    monkeypatch.setattr(llama_cpp, "llama_free", context_freed)
    monkeypatch.setattr(llama_cpp, "llama_model_free", model_freed)
    model = LlamaModel(story)
    context = LlamaContext(model, SIZE)
    gone = weakref.ref(context)
    del model, context
    gc.collect()
    assert gone() is None
    assert freed == ["context", "model"]


def test_a_file_that_is_no_model_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "text.gguf"
    path.write_text("no model")
    with pytest.raises(UserError, match=r"llama\.cpp cannot load .*text\.gguf: .+\."):
        LlamaModel(path)


def test_a_dry_model_takes_no_memory_and_says_what_a_context_would(story: Path) -> None:
    model = LlamaModel(story, dry=True)
    with recording() as lines:
        LlamaContext(model, SIZE)
    assert any("compute buffer size" in line for line in lines)
    model.close()


def test_the_metadata_are_read(model: LlamaModel) -> None:
    assert model.metadata("general.architecture") == "llama"
    assert model.metadata("no.such.key") == ""
    assert (model.bos, model.eos, model.size, model.stateful) == (1, 2, 512, False)
