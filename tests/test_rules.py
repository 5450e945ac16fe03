"""The rules of this suite: what may be skipped, and whose deprecated calls are errors."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
TESTS = """
import pytest

def test_passes(): pass
def test_needs_a_gpu(): pytest.skip("needs a GPU")
def test_needs_a_browser(): pytest.skip("needs a browser")
@pytest.mark.skipif(True, reason="not today")
def test_is_not_for_today(): pass
@pytest.mark.xfail(reason="a known fault")
def test_has_a_known_fault(): assert False
"""
WHOLE_FILE = "import pytest\npytest.importorskip('no_such_package')"


@pytest.mark.parametrize(
    ("content", "options", "counts"),
    [
        (TESTS, ["--no-skips"], "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error"),
        (TESTS, [], "1 passed, 3 skipped, 1 xfailed"),
        (WHOLE_FILE, ["--no-skips"], "1 error"),
        (WHOLE_FILE, [], "1 skipped"),
    ],
)
def test_what_ci_could_have_is_no_reason_to_skip(
    tmp_path: Path, content: str, options: list[str], counts: str
) -> None:
    (tmp_path / "test_some.py").write_text(content)
    result = subprocess.run(
        [*PYTEST, *options, tmp_path], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.stdout.splitlines()[-1].startswith(f"{counts} in"), result.stdout


@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning])
def test_a_deprecated_call_of_ours_is_an_error_and_that_of_others_is_not(category: type[Warning]) -> None:
    for caller in ("localtopics", "localtopics.llama.engine", __name__):
        with pytest.raises(category):
            warnings.warn_explicit("old", category, "file.py", 1, module=caller)
    warnings.warn_explicit("old", category, "file.py", 1, module="sklearn.localtopics")
