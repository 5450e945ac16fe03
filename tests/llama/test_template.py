"""Chat templates are other people's programs: whatever they do, it ends in a sentence, and soon."""

import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from localtopics.errors import UserError
from localtopics.llama import template
from localtopics.llama.chat import Frame
from localtopics.llama.template import BEYOND, Rendering, render
from tests.llama.hostile_templates import DIALOG, TEMPLATES, Letters, outcome

ECHO = "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}"
HELLO = (("user", "Hello"),)


def test_every_hostile_template_ends_in_a_sentence_within_five_seconds_and_500_mb() -> None:
    fresh = multiprocessing.get_context("spawn")  # so that nothing else counts as their memory
    with ProcessPoolExecutor(6, fresh) as processes:
        outcomes = list(processes.map(outcome, TEMPLATES))
    assert len(outcomes) >= 60
    for each in outcomes:
        assert each.said is not None, each
        assert "chat template in the model's GGUF" in each.said, each
        assert each.said.isprintable(), each
        assert len(each.said) < 400, each
        assert each.seconds < 5, each
        assert each.bytes < 500e6, each


def test_each_dialog_is_rendered_or_its_fault_is_named() -> None:
    picky = "{% if messages[1] %}{{ raise_exception('only one,\nplease') }}{% endif %}" + ECHO
    assert render(picky, (HELLO * 2, HELLO), "", "") == (
        Rendering(None, "only one, please"),
        Rendering("user: Hello\n", ""),
    )


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_template_that_kills_its_process_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signal: str
) -> None:
    script = tmp_path / "dies.py"
    script.write_text(
        f"import os, signal, sys; sys.stdin.read(); print('ready\\n[[', flush=True)\n"
        f"os.kill(os.getpid(), signal.{signal})"
    )
    monkeypatch.setattr(template, "__file__", str(script))
    with pytest.raises(UserError, match=BEYOND):
        Frame(DIALOG, ("[X]",), Letters(f"{{# {signal} #}}{ECHO}"))


def test_a_renderer_that_cannot_start_is_no_fault_of_the_templates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "lacks.py"
    script.write_text("import a_package_that_is_not_here")
    monkeypatch.setattr(template, "__file__", str(script))
    with pytest.raises(RuntimeError, match="a_package_that_is_not_here"):
        render(ECHO, (HELLO,), "lacks", "")


def test_a_template_is_run_once_however_many_prompts_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def counted(*arguments: Any, **options: Any) -> Any:
        runs.append(arguments)
        return run(*arguments, **options)

    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", counted)
    vocabulary = Letters(ECHO + "ASSISTANT:")
    frames = [Frame(DIALOG, ("[X]",), vocabulary).filled({"[X]": [7]}) for _ in range(3)]
    assert len(set(frames)) == 1
    assert len(runs) == 1


def test_the_process_that_renders_imports_nothing_heavy() -> None:
    asked = {"template": ECHO, "dialogs": [HELLO], "bos_token": "", "eos_token": ""}
    child = subprocess.run(
        [sys.executable, "-P", template.__file__],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert child.stdout.startswith(b"ready\n[[")
    imported = {line.rpartition(b"|")[2].strip().decode() for line in child.stderr.splitlines()}
    assert "jinja2.sandbox" in imported
    assert not imported & {"localtopics", "numpy", "torch", "llama_cpp", "pandas"}
