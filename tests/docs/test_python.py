"""docs/python.md and docs/notebook.md say what works: their code runs on a small real corpus."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKS = """
assert set(run.topic_table["label"]) == set(run.labels.values())
assert len(run.topics) >= 3
assert plain.get_topic(0)[0][0] == run.labels[0]
assert model.topic_aspects_["Llama"][0][0][0]
assert loaded.topic_aspects_["Llama"].keys() == set(loaded.topics_)
"""
NOTEBOOK_CHECKS = """
assert model.get_topic(1)[0][0] == run.labels[1]
assert any(run.labels[1][:30] in trace.name for trace in figure.data)
assert sum(len(trace.x) for trace in figure.data) >= len(documents)
"""


def code(document: Path) -> list[str]:
    """The pieces of Python in a Markdown file."""
    return re.findall(
        r"^```python\n(.*?)^```$", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    import pandas as pd

    notes = pd.read_csv(ROOT / "tests" / "data" / "notes.csv")
    notes.rename(columns={"text": "abstract"}).to_csv(tmp_path / "papers.csv", index=False)
    return tmp_path


@pytest.mark.timeout(600)  # most of it is a whole run and UMAP compiling, a minute on an idle machine
def test_the_code_of_the_pages_runs_as_it_stands(papers: Path, warm_python: str) -> None:
    pieces, notebook = code(ROOT / "docs" / "python.md"), code(ROOT / "docs" / "notebook.md")
    assert len(pieces) == 15
    assert len(notebook) == 5
    (papers / "page.py").write_text(
        "\n".join([*pieces, CHECKS, *notebook, NOTEBOOK_CHECKS]), encoding="utf-8"
    )
    environment = {
        "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(papers / "cache"),
        "HF_HOME": str(papers / "hf"),
    }
    done = subprocess.run(
        [warm_python, "page.py"],
        cwd=papers,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert done.returncode == 0, done.stderr
