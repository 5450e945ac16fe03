import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from localtopics.cli import cli

HEAVY = (
    "torch",
    "numpy",
    "pandas",
    "bertopic",
    "sentence_transformers",
    "llama_cpp",
    "matplotlib",
    "datasets",
)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in cli.commands)])
def test_help(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert "..." not in result.output.split("Options:")[0].replace("[ARGS]...", "")


@pytest.mark.parametrize(
    ("statement", "light"),
    [
        ("import localtopics", set()),
        ("import localtopics.cli", set()),
        ("import localtopics.run.run", {"numpy", "pandas", "pyarrow", "rich"}),  # what `show` needs
    ],
)
def test_importing_brings_nothing_heavy(statement: str, light: set[str]) -> None:
    script = f"{statement}\nimport sys\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= light


def test_help_answers_at_once() -> None:
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "localtopics", "--help"], capture_output=True, check=True)
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 0.5


def test_the_public_names_are_there() -> None:
    import localtopics

    for name in localtopics.__all__:
        assert getattr(localtopics, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = localtopics.nothing
