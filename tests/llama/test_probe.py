"""What the computer can run, looked at and timed."""

from pathlib import Path

from localtopics.llama.engine import Engine
from localtopics.llama.offload import OffloadPlan
from localtopics.llama.probe import inspect_system, probe


def test_the_system_is_described() -> None:
    report = inspect_system()
    assert report.cpu
    assert report.threads >= 1
    assert report.free_ram > 1 << 28
    assert "CPU" in report.backends
    assert "0.3." in report.llama_cpp


def test_a_model_is_timed(labeller: Path) -> None:
    with Engine(labeller, OffloadPlan(all_layers=13), threads=1, context=1024) as engine:
        found = probe(engine)
    assert 10 < found.prompt_tokens_per_second < 1e6
    assert 0 < found.seconds_per_prompt < 60
    assert found.answer_tokens_per_second > 1
