"""What a model's steps cost where it lies."""

from __future__ import annotations

from localtopics.gguf import ModelInfo
from localtopics.llama.build import system_features
from localtopics.llama.offload import OffloadPlan, kv_cell_bytes
from localtopics.llama.schedule import CostModel


def cost_model(info: ModelInfo, plan: OffloadPlan) -> CostModel:
    """What times depend on, by the model's sizes and by ratios measured with llama.cpp and Q4_K weights.

    An H200: matrix products 147 TFLOP/s, flash attention 64 TFLOP/s with masked cells counted, 4.3 TB/s; a
    call of one row takes as long as 50 further tokens of a large one. Weights in RAM it fetches at 25 GB/s
    for 32 rows and more. Fewer are computed by the CPU, at 40 GB/s and as long as 150 tokens a row. A core
    with AVX-512: 200 GFLOP/s, 2 ns to skip a masked cell, twice the time a row outside groups of 16.
    """
    token = 2.0 * max(info.parameters, 1)  # floating-point operations
    if plan.place == "cpu":
        rows = 16 if "AVX512" in system_features().get("CPU", ()) else 4
        return CostModel(
            cells=plan.cells,
            ubatch=plan.ubatch,
            step=1.5,
            rows=rows,
            fewest=rows // 2 + 1,
            slow_step=0.6,
            slow_row=2.0,
            attend=2e-9 * 200e9 * info.heads * info.layers / token,
            read=0.0,
        )
    attend = 147 / 64 * 4 * info.heads * info.key_length * info.layers / token
    if plan.place == "part":
        in_ram = 1 - plan.layers / plan.all_layers
        fetch = 147e12 / 25e9 * in_ram * info.file_bytes / token
        return CostModel(
            cells=plan.cells,
            ubatch=plan.ubatch,
            step=50 + fetch,
            rows=32,
            fewest=8,
            slow_step=50 + 25 / 40 * fetch,
            slow_row=1 + 150 * in_ram,
            attend=attend,
            read=None,
        )
    return CostModel(
        cells=plan.cells,
        ubatch=plan.ubatch,
        step=50.0,
        rows=1,
        fewest=1,
        slow_step=50.0,
        slow_row=1.0,
        attend=attend,
        read=147 / 4.3 * kv_cell_bytes(info, plan.kv_type) * info.layers / token,
    )
