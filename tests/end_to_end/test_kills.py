"""Killed at any instant, the same command ends with the same result; a run at work is nobody else's."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localtopics.machine import usable_cpus
from tests.conftest import ROOT
from tests.end_to_end.changes import content, fingerprint
from tests.scripted_gguf import scripted_model

NOTES = ROOT / "tests" / "data" / "notes.csv"
COLUMNS = ["--id", "id", "--title", "title"]
FAST = ["--threads", "1", "--candidates", "2"]
FEWEST = {
    "run": 40,
    "run --force": 50,
    "label": 15,
    "map": 6,
    "trends": 10,
    "reduce": 20,
    "edit": 20,
    "update": 20,
    "assign": 3,
}
"""States that there are at least: the sweep would say nothing if it found none."""


@pytest.fixture(scope="module")
def place(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As for other commands, with a cache and a temporary folder of these tests alone."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "tmp").mkdir()
    (folder / "layouts").mkdir()
    return environment | {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "TMPDIR": str(folder / "tmp"),
        "LAYOUTS": str(folder / "layouts"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is asked little and answers at once: nobody looks at the names."""
    asked: dict[str, str | int] = {
        "request": "[DOCUMENTS] [KEYWORDS]",
        "documents": 2,
        "characters": 80,
        "keywords": 3,
    }
    return scripted_model(
        tmp_path_factory.mktemp("models") / "quick.gguf",
        {"]": "▁Trams"},
        metadata={f"localtopics.prompt.{key}": value for key, value in asked.items()},
    )


@pytest.fixture(scope="module")
def commands(model: Path) -> dict[str, list[str]]:
    """What is killed, and "old", a run of other settings."""
    named = ["--model", str(model)]
    old = ["run", "notes.csv", *COLUMNS, "--min-cluster-size", "9", *FAST, *named]
    run = ["run", "notes.csv", *COLUMNS, "--min-cluster-size", "8", *FAST, *named]
    return {
        "old": old,
        "run": run,
        "run --force": [*run, "--force"],
        "label": ["label", "notes.topics", "--threads", "1", "--candidates", "3", *named],
        "map": ["map", "notes.topics"],
        "trends": ["trends", "notes.topics", "--group", "id"],
        "reduce": ["reduce", "notes.topics", "--outliers", "2%", *named],
        "edit": ["edit", *named, "notes.topics", "merge", "0", "1"],
        "update": ["update", "notes.topics", "more.csv", *named],
        "assign": ["assign", "notes.topics", "notes.csv", *COLUMNS, "--out", "new.csv", "--force"],
    }


CHANGES = ["-m", "tests.end_to_end.changes"]


@pytest.fixture(scope="module")
def finished(
    place: dict[str, str],
    commands: dict[str, list[str]],
    warm_python: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with a finished run of other settings."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copy(NOTES, folder)
    first, *lines = NOTES.read_text(encoding="utf-8").splitlines(keepends=True)
    later = [f"later-{line}" for line in lines[:12]]  # the id is the first column
    (folder / "more.csv").write_text("".join([first, *later]), encoding="utf-8")
    subprocess.run([warm_python, "-m", "localtopics", *commands["old"]], cwd=folder, env=place, check=True)
    return folder


@pytest.fixture(scope="module")
def swept() -> set[str]:
    """Fingerprints of the states that a test of this module has gone on from."""
    return set()


def results(folder: Path) -> dict[str, bytes]:
    """All that a command leaves, without the order in which labels were finished."""
    found = {
        path.relative_to(folder).as_posix(): content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
    return {
        name: b"\n".join(sorted(set(data.split(b"\n")))) if name.endswith(".jsonl") else data
        for name, data in found.items()
    }


@pytest.fixture(scope="module")
def programs(place: dict[str, str], warm_python: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that run commands one after the other, one for each processor."""
    running = [
        subprocess.Popen(
            [warm_python, *CHANGES, "resume"],
            env=place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(usable_cpus())
    ]
    yield running
    for program in running:
        program.communicate()


def resumed(states: list[Path], arguments: list[str], programs: list[subprocess.Popen[str]]) -> list[str]:
    """What each state's command said where it failed; the programs share the states."""
    turns = [programs[number % len(programs)] for number in range(len(states))]
    for program, state in zip(turns, states, strict=True):
        print(json.dumps([str(state), *arguments]), file=program.stdin, flush=True)
    return [json.loads(program.stdout.readline()) for program in turns if program.stdout is not None]


@pytest.mark.parametrize("command", FEWEST)
@pytest.mark.timeout(600)
def test_the_same_command_goes_on_from_every_state(
    finished: Path,
    place: dict[str, str],
    commands: dict[str, list[str]],
    programs: list[subprocess.Popen[str]],
    warm_python: str,
    tmp_path: Path,
    swept: set[str],
    command: str,
) -> None:
    """A state that one command has gone on from stands for the same state of the next."""
    arguments, folder = commands[command], tmp_path / "undisturbed"
    if command == "run":
        folder.mkdir()
        shutil.copy(NOTES, folder)
    else:
        shutil.copytree(finished, folder)
    if command == "assign":
        (folder / "new.csv").write_text("of an earlier time")
    done = subprocess.run(
        [warm_python, *CHANGES, "record", str(tmp_path / "states"), *arguments],
        cwd=folder,
        env=place,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    states = sorted((tmp_path / "states").iterdir())
    assert len(states) >= FEWEST[command]
    states = [state for state in states if fingerprint(state) not in swept]
    swept.update(map(fingerprint, states))
    expected = results(folder)
    failures = {}
    for state, failed in zip(states, resumed(states, arguments, programs), strict=True):
        found = results(state)
        different = sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))
        if failed or different:
            failures[state.name] = failed or different
    assert not failures
    left = [path.name for path in Path(place["TMPDIR"]).iterdir()]
    assert not [name for name in left if name.startswith("localtopics")]


MOMENTS = [
    "os.remove .model.old",  # the folder is its own, and nothing is changed yet
    "os.rename .run.json.part",
    "open labels.jsonl",
    "os.rename .topics.json.part",
]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system cannot stop a process")
def test_nobody_touches_a_run_at_work(
    finished: Path, place: dict[str, str], commands: dict[str, list[str]], warm_python: str, tmp_path: Path
) -> None:
    """``run --force`` while ``label`` is at work, at each of the moments."""
    folder = Path(shutil.copytree(finished, tmp_path / "folder"))
    at_work = subprocess.Popen(
        [sys.executable, *CHANGES, "stop", json.dumps(MOMENTS), *commands["label"]],
        cwd=folder,
        env=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    for _ in MOMENTS:
        _, status = os.waitpid(at_work.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), at_work.communicate()
        before = fingerprint(folder)
        late = subprocess.run(
            [warm_python, "-m", "localtopics", *commands["run --force"]],
            cwd=folder,
            env=place,
            capture_output=True,
            text=True,
        )
        assert fingerprint(folder) == before
        assert late.returncode == 2
        assert "Another localtopics is at work" in late.stderr
        os.kill(at_work.pid, signal.SIGCONT)
    _, errors = at_work.communicate()
    assert at_work.returncode == 0, errors
