"""What the command line adds to the library's errors: the options and the command that mend them."""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from localtopics.cli import cli
from localtopics.cli.group import hinted
from localtopics.cli.render import reporting
from tests.conftest import ROOT

NOTES = ROOT / "tests" / "data" / "notes.csv"


def hints(keyword: str) -> Iterator[tuple[str, ast.expr]]:
    """Where the library gives a hint, and what it says."""
    for path in (ROOT / "localtopics").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UserError":
                for given in node.keywords:
                    if given.arg == keyword:
                        yield f"{path}:{node.lineno}", given.value


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in commands(command))


def test_every_argument_that_an_error_names_is_an_option() -> None:
    options = {option.name for _, command in commands(cli) for option in command.params}
    named = [
        (place, item.value)
        for place, value in hints("arguments")
        if isinstance(value, ast.List)
        for item in value.elts
        if isinstance(item, ast.Constant)
    ]
    assert len(named) > 10
    assert [(place, name) for place, name in named if name not in options] == []


def test_every_command_that_an_error_names_is_one() -> None:
    known = {name for name, _ in commands(cli)}
    found = [(place, ast.unparse(value).strip("f'\"")) for place, value in hints("command")]
    assert len(found) > 5
    for place, text in found:
        assert any(text.startswith(name) or f"'{name}" in text for name in known), f"{place}: {text}"


@pytest.mark.parametrize(
    ("arguments", "command", "said"),
    [
        ((), "", "It is wrong: mend it."),
        (("embedding_model",), "", "It is wrong: mend it (--embedding-model)."),
        (("out", "force"), "label X", "It is wrong: mend it (--out, --force, `localtopics label X`)."),
    ],
)
def test_hints_stand_behind_the_sentence(arguments: tuple[str, ...], command: str, said: str) -> None:
    assert hinted("It is wrong: mend it.", arguments, command) == said


def test_a_user_sees_them(tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["show", str(tmp_path)])
    assert shown.exit_code == 2
    assert shown.output == (
        f"Error: {tmp_path} is not a run folder: make one first (`localtopics run FILE --out {tmp_path}`).\n"
    )
    (tmp_path / "thesis.tex").touch()
    refused = CliRunner().invoke(cli, ["run", str(NOTES), "--model", "none", "--out", str(tmp_path)])
    assert refused.exit_code == 2
    assert refused.output.endswith("exists and is not a run folder: name another (--out).\n")


def test_a_note_has_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(False):
        logging.getLogger("localtopics.run").warning("Half of it is old", extra={"arguments": ["force"]})
    assert capsys.readouterr().err == "Half of it is old (--force).\n"
