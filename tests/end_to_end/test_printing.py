"""What reaches the terminal: harmless, in any encoding, through any pipe."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from localtopics.cli.terminal import harmless
from localtopics.run.run import Run
from tests.end_to_end.conftest import DATA, Command

HOSTILE = "\x1b]0;mine\x07\x1b[2J\x9b31m\u202enaïve \u200b— 日本"


@pytest.fixture
def hostile(made_by_0_1_0: Run) -> Run:
    """The run, as if its documents, titles, words and labels held escape sequences and hidden letters."""
    folder = made_by_0_1_0.folder

    def spoil(value: object) -> object:
        if isinstance(value, str):
            return f"{HOSTILE}{value}"
        return [spoil(item) for item in value] if hasattr(value, "__iter__") else value

    for name, columns in {
        "documents.parquet": ["title", "text", "id"],
        "topics.parquet": ["label", "keywords", "keybert", "mmr", "representative_documents"],
    }.items():
        table = pd.read_parquet(folder / name)
        for column in columns:
            table[column] = table[column].map(spoil)
        table.to_parquet(folder / name, index=False)
    return Run.open(folder)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize(
    "arguments", [["show"], ["show", "--topic", 0], ["show", "--json"], ["prompt"], ["show", "--topic", 99]]
)
def test_nothing_harmful_reaches_the_terminal_in_any_encoding(
    localtopics: Command, hostile: Run, arguments: list[object], encoding: str
) -> None:
    command, *options = arguments
    topics, labels = hostile.topics, hostile.labels
    with_names = hostile.folder.rename(hostile.folder.with_name(f"{hostile.folder.name}é\x1b[31m"))
    done = localtopics(command, with_names, *options, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.returncode == (2 if 99 in options else 0), done.stderr
    assert "Traceback" not in done.stderr
    written = done.stdout + done.stderr
    assert harmless(written) == written
    assert encoding != "ascii" or written.isascii()
    assert command == "prompt" or r"\x1b" in written or r"\u001b" in written
    if "--json" in options:
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["label"] for line in lines] == list(labels.values())
        assert lines[1]["representative"] == list(topics[1].representative)


def test_assign_evaluate_and_compare_print_labels_that_are_harmless(
    localtopics: Command, hostile: Run, tmp_path: Path
) -> None:
    source = tmp_path / "new\x1b[31m.csv"
    pd.read_csv(DATA / "notes.csv").head(12).to_csv(source, index=False)
    for arguments in (
        ("assign", hostile.folder, source),
        ("evaluate", hostile.folder),
        ("compare", hostile.folder, hostile.folder),
    ):
        done = localtopics(*arguments, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert done.returncode == 0, done.stderr
        assert harmless(done.stdout + done.stderr) == done.stdout + done.stderr
        assert done.stdout.isascii()
    (table,) = tmp_path.glob("*.assigned.csv")
    assert set(pd.read_csv(table)["label"]) <= set(hostile.labels.values())


def test_a_mistyped_argument_is_repeated_harmlessly(localtopics: Command) -> None:
    for arguments in (["\x1b[31m"], ["show", "--\x1b[31m"], ["run", "\x1b[31m\nError: all is well.csv"]):
        done = localtopics(*arguments)
        assert done.returncode == 2
        assert harmless(done.stderr) == done.stderr
        assert "\nError: all is well" not in done.stderr


def test_a_cell_of_topics_csv_is_no_formula_unless_asked(localtopics: Command, made_by_0_1_0: Run) -> None:
    table = pd.read_parquet(made_by_0_1_0.folder / "topics.parquet")
    table["keywords"] = [["=cmd|' /C calc'!A0", *words] for words in table["keywords"]]
    table.to_parquet(made_by_0_1_0.folder / "topics.parquet", index=False)
    for flags, start in ((), "'=cmd"), (("--raw-cells",), "=cmd"):
        done = localtopics("label", made_by_0_1_0.folder, "--model", "none", *flags)
        assert done.returncode == 0, done.stderr
        cells = pd.read_csv(made_by_0_1_0.folder / "topics.csv")["keywords"]
        assert cells.str.startswith(start).all()


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(
    made_by_0_1_0: Run, environment: dict[str, str], warm_python: str
) -> None:
    for options in ([], ["--topic", "0"], ["--json"]):
        show = subprocess.Popen(
            [warm_python, "-m", "localtopics", "show", str(made_by_0_1_0.folder), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert show.stdout is not None
        show.stdout.close()
        _, said = show.communicate(timeout=280)
        assert said == b""
        assert show.returncode in (0, 1)


def test_a_full_disk_is_one_sentence_that_names_the_place(
    made_by_0_1_0: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    """A limit on the length of files stands for the full disk: it needs no rights, and fails the same."""
    before = {path: path.read_bytes() for path in made_by_0_1_0.folder.glob("[a-z]*.*")}

    def limited(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "localtopics", *map(str, arguments)],
            env=environment | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            cwd=tmp_path,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
            timeout=280,
        )
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    said = limited("map", made_by_0_1_0.folder)
    assert f"File too large ({made_by_0_1_0.folder / 'map.png'}): make room or name another place" in said
    assert {path: path.read_bytes() for path in made_by_0_1_0.folder.glob("[a-z]*.*")} == before | {
        made_by_0_1_0.folder / "run.json": (made_by_0_1_0.folder / "run.json").read_bytes()
    }
    vectors = tmp_path / "vectors.npy"
    import numpy as np

    np.save(vectors, np.random.default_rng(0).normal(size=(72, 384)).astype("f4"))
    said = limited(
        "run", DATA / "notes.csv", "--embeddings", vectors, "--min-cluster-size", 8, "--out", "new"
    )
    assert f"({tmp_path}/localtopics-" in said
    assert "make room or name another folder by TMPDIR" in said
