"""The offload plan, for GPUs that are made up, with figures of llama.cpp's own where it has them."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import llama_cpp
import pytest
from random_gguf import Shape, write

from localtopics.errors import UserError
from localtopics.gguf import ModelInfo, read_info
from localtopics.llama import offload
from localtopics.llama.api import KVType, LlamaContext, LlamaModel
from localtopics.llama.context import context_parameters
from localtopics.llama.devices import Device
from localtopics.llama.fit import memory_needed
from localtopics.llama.log import recording
from localtopics.llama.offload import MARGIN, OffloadPlan, kv_cell_bytes, plan_offload, replan
from localtopics.llama.schedule import Schedule

MIB = 1024**2

Pretend = Callable[..., None]
"""Pretends that there are GPUs with so many free MiB each."""


@pytest.fixture(scope="module")
def info(story: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    """A model of 8 layers, 76 MB, with a KV cache of 32 KiB a token."""
    path = tmp_path_factory.mktemp("models") / "small.gguf"
    shape = Shape(layers=8, embedding=1024, feed_forward=4096, heads=8, kv_heads=8)
    write(path, shape, story)
    return read_info(path)


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Pretend that there are GPUs with so many free MiB each."""

    def pretend(*free: float) -> None:
        found = tuple(
            Device(f"CUDA{i}", "made up", int(mib * MIB), 1 << 40, f"CUDA{i}") for i, mib in enumerate(free)
        )
        monkeypatch.setattr(offload, "devices", lambda: found)
        monkeypatch.setattr(offload, "recording", lambda: logged_for([device.buffer for device in found]))

    return pretend


@contextmanager
def logged_for(buffers: Sequence[str]) -> Iterator[list[str]]:
    """What llama.cpp logs, with the processor's own compute buffer as that of each device."""
    with recording() as lines:
        yield lines
    lines += [
        line.replace("CPU compute", f"{name} compute")
        for line in lines
        if "CPU compute" in line
        for name in buffers
    ]


def check(info: ModelInfo, plan: OffloadPlan) -> None:
    assert len(plan.predicted) == len(plan.devices)
    assert all(need <= device.free for need, device in zip(plan.predicted, plan.devices, strict=True))
    if plan.devices:  # the output layer is the first on a GPU, and has no KV cache
        kv = kv_cell_bytes(info, plan.kv_type) * plan.cells * (plan.layers - 1)
        assert sum(plan.predicted) >= kv
        assert plan.flash_attention


def test_a_gpu_with_room_takes_everything(info: ModelInfo, gpus: Pretend) -> None:
    gpus(20000)
    plan = plan_offload(info)
    check(info, plan)
    assert (plan.layers, plan.place, plan.kv_type, plan.notes) == (9, "gpu", "f16", ())
    assert plan.cells > 32768, "the room that is left goes to the KV cache"


def test_what_is_said_to_fit_is_put_on_the_gpu_whole(info: ModelInfo, gpus: Pretend) -> None:
    needed = memory_needed(info)
    gpus(needed / MIB + MARGIN / MIB)
    plan = plan_offload(info)
    assert (plan.place, plan.kv_type) == ("gpu", "f16")
    assert 0.8 * needed <= sum(plan.predicted) <= needed  # and there is not much to spare


def test_more_memory_never_means_less(info: ModelInfo, gpus: Pretend) -> None:
    plans = []
    for mib in [*range(300, 660, 15), 800, 1200, 2400]:
        gpus(mib)
        plans.append(plan_offload(info))
        check(info, plans[-1])
    worth = [(plan.layers, plan.kv_type == "f16") for plan in plans if plan.devices]
    assert worth == sorted(worth)
    assert {plan.place for plan in plans} == {"cpu", "part", "gpu"}
    assert "too little memory" in plans[0].notes[0]
    whole = [(plan.kv_type, plan.cells) for plan in plans if plan.place == "gpu"]
    assert whole[0] == ("q8_0", 2048), "a smaller cache before layers are left out"
    assert whole[-1][0] == "f16"


def test_a_limit_is_kept_with_what_the_driver_takes(info: ModelInfo, gpus: Pretend) -> None:
    for limit in (700, 900, 1500, 4000):
        gpus(50000)
        plan = plan_offload(info, vram=limit * MIB)
        check(info, plan)
        assert sum(plan.predicted) + offload.DRIVER * len(plan.devices) <= limit * MIB


def test_several_gpus_share_by_free_memory(info: ModelInfo, gpus: Pretend) -> None:
    gpus(3000, 1500)
    plan = plan_offload(info)
    check(info, plan)
    assert plan.layers == 9
    assert plan.split == (3000.0 * MIB - MARGIN, 1500.0 * MIB - MARGIN)
    one = offload.simulate(info, replace(plan, devices=(replace(plan.devices[0], free=1 << 40),)))
    extra = sum(plan.predicted) - one.predicted[0]
    buffers, _ = offload._dry_run(info.path, plan, plan.devices)
    assert 0 < extra - buffers[plan.devices[1]] < 120 * MIB, "only the working memory is there twice"


def reworded(old: str, new: str) -> Callable[[], AbstractContextManager[list[str]]]:
    """llama.cpp's log in other words."""

    @contextmanager
    def lines() -> Iterator[list[str]]:
        with logged_for(["CUDA0", "CUDA1"]) as said:
            yield said
        said[:] = [line.replace(old, new) for line in said]

    return lines


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("CUDA0 compute buffer", "GPU0 compute buffer", "large the compute buffer on CUDA0"),
        ("CUDA1 compute buffer", "", "large the compute buffer on CUDA1"),
        ("compute buffer size =", "compute buffers:", "large the compute buffer on CUDA"),
        ("MiB", "MB", "large the compute buffer on CUDA"),
        ("Flash Attention", "Attention", "there is flash attention"),
    ],
)
def test_what_llama_cpp_does_not_say_is_never_taken_for_nothing(
    info: ModelInfo, gpus: Pretend, monkeypatch: pytest.MonkeyPatch, old: str, new: str, missing: str
) -> None:
    gpus(3000, 3000)
    monkeypatch.setattr(offload, "recording", reworded(old, new))
    with pytest.raises(RuntimeError, match=rf"llama-cpp-python 0\.3\.\d+ does not say .*{missing}") as raised:
        plan_offload(info, "all")
    assert "sched_reserve: " in str(raised.value), "what it said instead"


def test_a_gpu_without_layers_may_have_no_buffer(
    info: ModelInfo, gpus: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(3000, 3000)
    monkeypatch.setattr(offload, "recording", reworded("CUDA1 compute", "Other compute"))
    assert plan_offload(info, 1).predicted[1] < plan_offload(info, 1).predicted[0]
    monkeypatch.setattr(offload, "recording", recording)
    assert plan_offload(info, 0).place == "part"


def test_a_context_that_cannot_be_simulated_is_no_lack_of_memory(
    info: ModelInfo, gpus: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(3000)
    monkeypatch.setattr(llama_cpp, "llama_init_from_model", lambda *_: None)
    with pytest.raises(RuntimeError, match="cannot simulate a context"):
        plan_offload(info, "all")


@pytest.mark.parametrize(
    ("said", "possible"),
    [
        ("resolve_fused_ops: Flash Attention enabled", True),
        ("resolve_fused_ops: Flash Attention not supported, set to disabled", False),
        ("llama_init_from_model: flash_attn is not compatible with Grok - forcing off", False),
        ("llama_init_from_model: enabling flash_attn since it is required for quantized V cache", True),
    ],
)
def test_flash_attention_is_as_llama_cpp_says(said: str, possible: bool) -> None:
    assert offload._flash_attention(["sched_reserve: reserving ...", said]) == possible


@pytest.mark.parametrize("kv_type", ["f16", "q8_0"])
def test_llama_cpp_says_how_large_its_buffers_are_and_whether_there_is_flash_attention(
    info: ModelInfo, kv_type: KVType
) -> None:
    here = Device("CPU", "the processor", 1 << 40, 1 << 40, "CPU")
    plan = OffloadPlan(kv_type=kv_type, cells=2048)
    small, large = (
        offload._dry_run(info.path, replace(plan, ubatch=ubatch, devices=(here,)), [here])
        for ubatch in (512, 2048)
    )
    assert 0 < small[0][here] < large[0][here]
    assert small[1]


@pytest.mark.parametrize("layers", [0, 1, 3, 9, 99, "all"])
def test_a_number_of_layers_is_what_is_planned(
    info: ModelInfo, gpus: Pretend, layers: int | Literal["auto", "all"]
) -> None:
    gpus(20000)
    plan = plan_offload(info, layers)
    check(info, plan)
    assert plan.layers == (9 if layers in (99, "all") else layers)
    assert plan.place == ("gpu" if plan.layers == 9 else "part")


def test_more_layers_than_fit_are_refused(info: ModelInfo, gpus: Pretend) -> None:
    gpus(420)
    with pytest.raises(UserError, match=r"9 of 9 layers .* do not fit the GPU memory"):
        plan_offload(info, "all")
    assert 0 < plan_offload(info).layers < 9


def test_a_plan_that_failed_is_followed_by_a_smaller_one_until_none_is_left(
    info: ModelInfo, gpus: Pretend
) -> None:
    gpus(20000)
    plan: OffloadPlan | None = plan_offload(info)
    layers = []
    while plan is not None:
        layers.append(plan.layers)
        assert len(plan.notes) == len(layers) - 1
        last, plan = plan, replan(info, plan, 2048)
    assert layers == [9, 7, 6, 5, 4, 3, 2, 1, 0]
    assert "1 of 9 layers with" in last.notes[-1]


def test_another_program_took_the_gpu_meanwhile(info: ModelInfo, gpus: Pretend) -> None:
    gpus(20000)
    plan = plan_offload(info)
    gpus(420)
    smaller = replan(info, plan, 2048)
    assert smaller is not None
    check(info, smaller)
    assert smaller.layers < 9


def test_without_a_gpu_everything_stays_in_ram(info: ModelInfo, gpus: Pretend) -> None:
    gpus()
    plan = plan_offload(info)
    assert (plan.place, plan.layers, plan.devices, plan.notes) == ("cpu", 0, (), ())
    assert plan.cells >= 2048
    assert "no GPU" in plan_offload(info, "all").notes[0]


def test_kv_cache_and_weights_are_counted_as_llama_cpp_counts_them(info: ModelInfo) -> None:
    model = LlamaModel(info.path, dry=True)
    kv_types: tuple[KVType, ...] = ("f16", "q8_0")
    for kv_type in kv_types:
        with recording() as lines:
            LlamaContext(
                model,
                context_parameters(
                    Schedule(sequences=4, cells=2048, unified=True, batch=512, ubatch=512), kv_type
                ),
            ).close()
        (size,) = re.findall(r"size = +([\d.]+) MiB \( *2048 cells", "\n".join(lines))
        assert kv_cell_bytes(info, kv_type) * info.layers * 2048 == pytest.approx(float(size) * MIB, rel=1e-3)
    model.close()
    output, layers = offload._weights(info)
    embeddings = next(tensor.bytes for tensor in info.tensors if tensor.name == "token_embd.weight")
    assert output + sum(layers) + embeddings == sum(tensor.bytes for tensor in info.tensors)
