"""Which part of a model goes on which GPU, and how large its KV cache may be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from localtopics.errors import UserError
from localtopics.gguf import ModelInfo
from localtopics.llama.api import KVType, LlamaContext, LlamaModel
from localtopics.llama.build import why_no_gpu
from localtopics.llama.context import context_parameters
from localtopics.llama.devices import Device, devices
from localtopics.llama.log import recording, unreadable
from localtopics.llama.schedule import Schedule
from localtopics.models import KnownModel

MIB = 1024**2
MARGIN = 256 * MIB
"""Left free on every device, for what other programs come to need."""
DRIVER = 540 * MIB
"""What CUDA takes for a process before anything is loaded; only a ``vram`` limit has to count it."""
RUNTIME = 85 * MIB
"""What CUDA takes for its kernels and libraries once it computes."""
KV_BYTES: dict[KVType, float] = {"f16": 2.0, "q8_0": 34 / 32}
"""Bytes of a number in the KV cache."""
MOST_CELLS = 131072


@dataclass(frozen=True)
class OffloadPlan:
    """What of a model lies on the GPUs, and how large its contexts may be."""

    layers: int = 0
    """As llama.cpp counts: the output layer first, then the last layers; `all_layers` is everything."""
    all_layers: int = 1
    cells: int = 16384
    """KV cells for which there is memory."""
    ubatch: int = 512
    """Tokens computed at once."""
    kv_type: KVType = "f16"
    flash_attention: bool | None = None
    """Whether every device can do it; None where llama.cpp finds out by itself."""
    devices: tuple[Device, ...] = ()
    predicted: tuple[int, ...] = ()
    """Bytes taken on each device once a context with all `cells` is at work."""
    notes: tuple[str, ...] = ()
    """What the user should know: why there is no GPU, what did not fit."""

    @property
    def place(self) -> Literal["cpu", "part", "gpu"]:
        """Where the layers lie: all in RAM, some on a GPU, or all on GPUs."""
        if not self.devices:
            return "cpu"
        return "gpu" if self.layers >= self.all_layers else "part"

    def noting(self, note: str) -> Self:
        """The plan with a further note."""
        return replace(self, notes=(*self.notes, note))

    @property
    def split(self) -> tuple[float, ...]:
        """Each device's share of the layers: by free memory."""
        return tuple(float(device.free) for device in self.devices)


def plan_offload(
    info: ModelInfo,
    gpu_layers: int | Literal["auto", "all"] = "auto",
    context: int = 2048,
    vram: int | None = None,
) -> OffloadPlan:
    """As many layers on the GPUs as fit with their share of the KV cache; all of them if they fit.

    llama.cpp itself simulates the allocation (``no_alloc``), so compute buffers are its own figures.

    Args:
        info: The model.
        gpu_layers: "auto", "all", or a number as llama.cpp counts; with 0 a GPU still computes large batches.
        context: The most tokens of one prompt and its answer: the least that the KV cache must hold.
        vram: Bytes of GPU memory that may be taken in all, the driver's share included.

    Raises:
        UserError: the number of layers asked for does not fit.
    """
    in_ram = _without_gpu(info, context)
    found = devices()
    if not found:
        why = why_no_gpu() or (
            "There is no GPU that llama.cpp can use." if gpu_layers not in ("auto", 0) else ""
        )
        return in_ram.noting(why) if why else in_ram
    room = zip(found, _room(found, vram), strict=True)
    plan = replace(in_ram, devices=tuple(replace(device, free=free) for device, free in room))
    if gpu_layers == "auto":
        return _most_layers(info, plan, context)
    layers = in_ram.all_layers if gpu_layers == "all" else min(gpu_layers, in_ram.all_layers)
    for attempt in _attempts(replace(plan, layers=layers), context):
        if (fitting := _fitted(info, attempt)) is not None:
            return _with_spare_cells(info, fitting, in_ram.cells)
    if not layers:
        return in_ram
    raise UserError(
        f"{layers} of {in_ram.all_layers} layers of {info.path.name} do not fit the GPU memory that is free: "
        "ask for fewer, or leave the number to auto.",
        arguments=["gpu_layers"],
    )


def replan(info: ModelInfo, plan: OffloadPlan, context: int) -> OffloadPlan | None:
    """A plan with fewer layers on GPUs than one that failed for memory; None if it had none there."""
    if not plan.layers:
        return None
    free = {device.name: max(0, device.free - MARGIN) for device in devices()}
    limited = tuple(
        replace(device, free=min(device.free, free.get(device.name, 0))) for device in plan.devices
    )
    smaller = _most_layers(info, replace(_without_gpu(info, context), devices=limited), context)
    if smaller.layers >= plan.layers and sum(smaller.predicted) >= sum(plan.predicted):
        smaller = simulate(info, replace(plan, layers=plan.layers * 7 // 8, devices=limited))
    note = (
        f"{plan.layers} of {plan.all_layers} layers with a KV cache of {plan.cells} cells did not fit GPUs "
        f"after all: {smaller.layers} with {smaller.cells} are tried."
    )
    return replace(smaller, notes=(*plan.notes, note))


def _without_gpu(info: ModelInfo, context: int) -> OffloadPlan:
    affordable = int(available_ram() / 4 / max(kv_cell_bytes(info) * info.layers, 1))
    cells = 1 << max(affordable, 1).bit_length() - 1  # a power of two seldom changes between runs
    return OffloadPlan(all_layers=info.layers + 1, cells=max(context, min(65536, cells)))


def _most_layers(info: ModelInfo, plan: OffloadPlan, context: int) -> OffloadPlan:
    """All layers on the plan's devices if they fit, else as many as do."""
    for attempt in _attempts(replace(plan, layers=plan.all_layers), context):
        if (whole := _fitted(info, attempt)) is not None:
            return _with_spare_cells(info, whole, plan.cells)
    roomy = replace(plan, cells=max(context, min(plan.cells, 8192)), ubatch=2048)
    for part in (roomy, replace(plan, cells=context)):
        best = None
        fewest, most = 0, plan.all_layers
        while fewest < most:
            middle = (fewest + most) // 2
            if (fitting := _fitted(info, replace(part, layers=middle))) is not None:
                best, fewest = fitting, middle + 1
            else:
                most = middle
        if best is not None:
            return best
    return replace(plan, devices=()).noting("No layers are on a GPU: too little memory is free there.")


def _attempts(plan: OffloadPlan, context: int) -> Iterator[OffloadPlan]:
    """Ways to hold the layers of a plan, the fastest first."""
    yield replace(plan, ubatch=4096, cells=max(context, 32768))
    yield replace(plan, ubatch=2048, cells=max(context, 8192))
    yield replace(plan, cells=max(context, 8192))
    yield replace(plan, cells=max(context, 4096))
    yield replace(plan, cells=max(context, 4096), kv_type="q8_0")
    yield replace(plan, cells=context, kv_type="q8_0")


def _room(found: Sequence[Device], vram: int | None) -> list[int]:
    """Bytes that may be planned on each device."""
    free = [device.free - MARGIN for device in found]
    if vram is None:
        return [max(room, 0) for room in free]
    share = [vram * device.free / sum(d.free for d in found) - DRIVER for device in found]
    return [max(int(min(room, most)), 0) for room, most in zip(free, share, strict=True)]


def _fitted(info: ModelInfo, plan: OffloadPlan) -> OffloadPlan | None:
    """The plan with its predicted memory, if that fits."""
    plan = simulate(info, plan)
    fits = all(need <= device.free for need, device in zip(plan.predicted, plan.devices, strict=True))
    return plan if fits else None


def _with_spare_cells(info: ModelInfo, plan: OffloadPlan, in_ram: int) -> OffloadPlan:
    """The plan with as many KV cells as there is room for, at most ``in_ram`` where layers stay in RAM."""
    cells = MOST_CELLS
    while cells > plan.cells:
        larger = replace(plan, cells=cells)
        if (larger.place == "gpu" or cells <= in_ram) and (fitting := _fitted(info, larger)) is not None:
            return fitting
        cells //= 2
    return plan


def simulate(info: ModelInfo, plan: OffloadPlan) -> OffloadPlan:
    """The plan with the bytes that it takes on each device once a context of all its cells is at work.

    Weights and KV cache come from the model's header. llama.cpp itself simulates the compute buffers. While
    it computes, CUDA also holds the activations of one matrix product, quantised to 8 bits.

    Raises:
        RuntimeError: llama.cpp does not say how large the compute buffer is on a device that holds layers, or
            whether there is flash attention.
    """
    output, layers = _weights(info)
    cell = kv_cell_bytes(info, plan.kv_type)
    taken = [0.0] * len(plan.devices)
    used: set[Device] = set()
    first = plan.all_layers - plan.layers
    bounds = [sum(plan.split[: i + 1]) / (sum(plan.split) or 1.0) for i in range(len(plan.split))]
    for layer in range(first, plan.all_layers):
        share = (layer - first) / plan.layers
        device = next((i for i, bound in enumerate(bounds) if share < bound), len(bounds) - 1)
        taken[device] += output if layer == info.layers else layers[layer] + cell * plan.cells
        used.add(plan.devices[device])
    compute, flash = _dry_run(info.path, plan, used)
    widest = max((max(tensor.shape) for tensor in info.tensors if tensor.name.startswith("blk.")), default=0)
    activations = plan.ubatch * widest * 36 // 32
    predicted = tuple(
        int(bytes_) + compute[device] + activations + RUNTIME
        for bytes_, device in zip(taken, plan.devices, strict=True)
    )
    return replace(plan, predicted=predicted, flash_attention=flash)


def kv_cell_bytes(info: ModelInfo | KnownModel, kv_type: KVType = "f16") -> float:
    """Bytes of one token's keys and values in one layer."""
    return info.kv_heads * (info.key_length + info.value_length) * KV_BYTES[kv_type]


def _weights(info: ModelInfo) -> tuple[int, list[int]]:
    """Bytes of the output layer and of each layer before it; the input layer always stays in RAM."""
    layers = [0] * info.layers
    embeddings = output = 0
    tied = True
    for tensor in info.tensors:
        if match := re.match(r"blk\.(\d+)\.", tensor.name):
            layers[int(match[1])] += tensor.bytes
        elif tensor.name.startswith("token_embd"):
            embeddings += tensor.bytes
        else:
            output += tensor.bytes
            tied = tied and tensor.name != "output.weight"
    return output + embeddings * tied, layers


def available_ram() -> int:
    """Bytes of RAM that are free for a program here; where that is not known, 4 GiB."""
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else 4096 * MIB


def _dry_run(path: Path, plan: OffloadPlan, used: Collection[Device]) -> tuple[dict[Device, int], bool]:
    """Bytes of llama.cpp's compute buffer on each device, and whether all can do flash attention.

    Only its log says either: ``llama_get_memory_breakdown`` is C++. A device that is not ``used``, as it
    holds no layers, has no buffer, or one for large batches of layers in RAM.

    llama.cpp finds out about the latter by planning one row a sequence. From 32 rows on it also plans layers
    that lie in RAM on the GPU and takes the mismatch for a lack of support: so it is asked for fewer here,
    and a real context is told the answer.
    """
    model = LlamaModel(path, layers=plan.layers, split=plan.split, dry=True)
    schedule = Schedule(sequences=16, cells=plan.cells, unified=True, batch=plan.ubatch, ubatch=plan.ubatch)
    try:
        with recording() as lines:
            context = LlamaContext(model, context_parameters(schedule, plan.kv_type))
        context.close()
    except MemoryError as error:
        if plan.kv_type == "f16":
            raise RuntimeError(f"llama.cpp cannot simulate a context of {path}: {error}") from None
        # heads of a width that cannot be quantised, or no flash attention at all
        return {device: device.total for device in plan.devices}, False
    finally:
        model.close()
    return _compute_buffers(lines, plan.devices, used), _flash_attention(lines)


def _compute_buffers(
    lines: Sequence[str], devices: Sequence[Device], used: Collection[Device]
) -> dict[Device, int]:
    """Bytes on each device, as llama.cpp logged them; those that are ``used`` must be among them."""
    found = (re.search(r"(\S+) compute buffer size = +([\d.]+) MiB", line) for line in lines)
    sizes = {match[1]: int(float(match[2]) * MIB) for match in found if match}
    for device in used:
        if device.buffer not in sizes:
            raise unreadable(f"how large the compute buffer on {device.name} is", lines)
    return {device: sizes.get(device.buffer, 0) for device in devices}


def _flash_attention(lines: Sequence[str]) -> bool:
    """Whether llama.cpp will use it, as it logged."""
    found = re.search(
        r"(Flash Attention enabled|enabling flash_attn)"
        r"|Flash Attention not supported|flash_attn is not compatible",
        "\n".join(lines),
    )
    if found is None:
        raise unreadable("whether there is flash attention", lines)
    return found[1] is not None
