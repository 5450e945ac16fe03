"""What every part of the suite uses: models, and the rule about skipped tests."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.warm import ROWS

ROOT = Path(__file__).resolve().parent.parent
LLAMA_2 = ROOT.parent / "shared" / "models" / "llama2-vocab.gguf"

MAY_BE_MISSING = ("GPU", "AMX", "Llama 2's vocabulary", "packages that carry a model")
"""What a machine of CI need not have: for want of these a test may be skipped under ``--no-skips``."""

FILES = (path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("localtopics/**/*.py"))
OURS = [".".join(path.parts).removesuffix(".__init__") for path in FILES]
STRICT = [f"error::{kind}:{name}" for kind in ("DeprecationWarning", "FutureWarning") for name in OURS]
"""As pytest's filters in pyproject.toml, for commands: a deprecated call of ours is an error."""

# who starts the tests in the background has them, and the processes that they start, ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)


def _takes_its_share() -> None:
    """One of several processes that run the tests leaves the others their processors.

    Two that both start a thread on each wait for each other at every matrix product.
    """
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("PYTEST_XDIST_WORKER_COUNT")
    if worker and workers and hasattr(os, "sched_setaffinity"):
        all_of_them, number = sorted(os.sched_getaffinity(0)), int(worker.removeprefix("gw"))
        share = all_of_them[number :: int(workers)] or [all_of_them[number % len(all_of_them)]]
        os.sched_setaffinity(0, share)


_takes_its_share()  # before a library counts processors

SHARE_SAMPLES = ("bertopic", "clusters", "damaged_model", "duplicates", "load", "save")
"""Tests of topics that begin with the same samples, which take half a minute to make."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that at the end no process waits for another."""
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/end_to_end", "tests/topics")))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The tests of a file run in one process, and so do those of files that share samples."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            shares = file in {f"tests/topics/test_{name}.py" for name in SHARE_SAMPLES}
            return "tests/topics" if shares else file

    return Together(config, log)


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    reasons = ", ".join(MAY_BE_MISSING)
    parser.addoption(
        "--no-skips", action="store_true", help=f"fail where a test is skipped, but for want of: {reasons}"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _failed_if_skipped((yield), item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _failed_if_skipped((yield), collector.config)


def _failed_if_skipped(report: Report, config: pytest.Config) -> Report:
    if report.skipped and config.getoption("no_skips") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(missing in reason for missing in MAY_BE_MISSING):
            report.outcome = "failed"
            report.longrepr = f"--no-skips: {reason}"
    return report


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of these tests share, for what is the same whoever makes it."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Python that has imported the large packages already (warm.py), where a process can simply fork."""
    if sys.platform != "linux":
        yield sys.executable
        return
    folder = tmp_path_factory.mktemp("warm")
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "huggingface"),
        "PYTHONWARNINGS": ",".join(STRICT),
    }
    command = [sys.executable, str(Path(__file__).with_name("warm.py")), "serve", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        yield str(folder / "python")


@pytest.fixture(scope="session", autouse=True)
def small_batches() -> Iterator[None]:
    """Batches are filled up with copies, and tests have few texts; warm Pythons do so too."""
    from localtopics.embedding import embedder

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(embedder._ROWS, "cpu", ROWS)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_layouts(request: pytest.FixtureRequest) -> Iterator[None]:
    """UMAP's processes need not import it each time; those of test_umap.py and of other programs do."""
    from localtopics.topics import umap

    child, cold = umap._child, sys.executable

    def warm_child(*arguments: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            if sys.executable == cold:
                patch.setattr(sys, "executable", request.getfixturevalue("warm_python"))
            return child(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(umap, "_child", warm_child)
        yield


@pytest.fixture(scope="session")
def story() -> Path:
    """A small model that really writes: stories for children."""
    return ROOT / "tests" / "data" / "stories260K-f32.gguf"


@pytest.fixture(scope="session")
def sentencepiece() -> Path:
    """A vocabulary alone: 16,000 SentencePiece tokens, in Llama 2's chat format."""
    return ROOT / "tests" / "data" / "sentencepiece-16k.gguf"


@pytest.fixture(scope="session")
def labeller() -> Path:
    """The labeller in the box: 32,000 byte-pair tokens, asked in ChatML."""
    from localtopics.models import bundled_model

    path = bundled_model()
    assert path is not None
    return path


@pytest.fixture(scope="session")
def metas_vocabulary() -> Path:
    """Llama 2's own tokens; their licence keeps them out of this repository."""
    if not LLAMA_2.is_file():
        pytest.skip(f"needs Llama 2's vocabulary at {LLAMA_2}")
    return LLAMA_2
