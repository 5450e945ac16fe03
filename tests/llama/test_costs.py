"""The cost model of the places where a model may lie."""

from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.gguf import ModelInfo, read_info
from localtopics.llama import costs
from localtopics.llama.costs import cost_model
from localtopics.llama.devices import Device
from localtopics.llama.offload import OffloadPlan

GPU = OffloadPlan(layers=6, all_layers=6, cells=8192, devices=(Device("CUDA0", "made up", 1, 1, "CUDA0"),))


@pytest.fixture(scope="module")
def info(story: Path) -> ModelInfo:
    return read_info(story)


def test_split_caches_are_ruled_out_where_only_part_of_a_model_is_on_the_gpu(info: ModelInfo) -> None:
    whole, part = cost_model(info, GPU), cost_model(info, replace(GPU, layers=3))
    assert whole.read is not None
    assert part.read is None
    assert part.step > whole.step, "weights that lie in RAM are fetched for each call"
    assert whole.cells == part.cells == 8192


def test_rows_come_in_the_processors_groups(info: ModelInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    for features, rows in ((["AVX2"], 4), (["AVX2", "AVX512"], 16)):
        monkeypatch.setattr(costs, "system_features", lambda features=features: {"CPU": features})
        found = cost_model(info, OffloadPlan())
        assert (found.rows, found.fewest) == (rows, rows // 2 + 1)
