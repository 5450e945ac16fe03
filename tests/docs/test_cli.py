"""docs/cli.md is what `--help` says now, and localtopics knows every command line in the pages."""

import re
import runpy
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from localtopics.cli import cli
from tests.docs.pages import PAGES, ROOT, blocks, name, spans

_CALL = re.compile(r"(?:^|[\s/])localtopics +(\S.*)$", re.MULTILINE)
_SHELL = ("", "bash", "console", "powershell", "sh")
_ENDS = (">", "|", "&&", "||", ";")


def call_lines(page: Path) -> Iterator[str]:
    """What stands behind `localtopics` in the command lines of a page."""
    text = page.read_text(encoding="utf-8")
    for language, code in blocks(text):
        if language in _SHELL:
            yield from _CALL.findall(code.replace("\\\n", " "))
    for span in spans(text):
        if not span.startswith(("import ", "from ", "pip ")):
            yield from _CALL.findall(span)


def words(line: str) -> list[str]:
    """The arguments of a command line, up to a comment or another command."""
    given = shlex.split(line, comments=True)
    return given[: next((place for place, word in enumerate(given) if word in _ENDS), len(given))]


def require_known(arguments: Sequence[str]) -> None:
    """Raise `click.UsageError` unless there are such a command and such options, and no argument too many."""
    command: click.Command = cli
    context = click.Context(command, info_name="localtopics", **command.context_settings)
    rest = list(arguments)
    while isinstance(command, click.Group):
        _, rest, _ = command.make_parser(context).parse_args(rest)
        if not rest:
            return
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"There is no command {rest[0]}.", context)
        command, rest = found, rest[1:]
        context = click.Context(command, parent=context, **command.context_settings)
    _, rest, _ = command.make_parser(context).parse_args(rest)
    if rest:
        raise click.UsageError(f"{rest[0]} is one argument too many.", context)


def options(command: click.Command) -> set[str]:
    """The options of a command and of all below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    own = {option for parameter in command.params for option in parameter.opts}
    return own.union({"--help"}, *map(options, below))


def test_the_page_of_commands_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "write_cli_docs.py"))
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == script["page"](), "write docs/cli.md anew: python scripts/write_cli_docs.py"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "cli.md"], ids=name)
def test_command_lines_are_known(page: Path) -> None:
    for line in call_lines(page):
        try:
            require_known(words(line))
        except click.UsageError as error:
            pytest.fail(f"localtopics {line}: {error.format_message()}")


def test_command_lines_are_found() -> None:
    readme = list(call_lines(ROOT / "README.md"))
    assert any(line.startswith("run papers.csv") for line in readme)  # in a block
    assert any(line.startswith("doctor") for page in PAGES for line in call_lines(page))  # among words


@pytest.mark.parametrize(
    "line",
    [
        "rum papers.csv",
        "run papers.csv --texts abstract",
        "models find X",
        "show A B",
        "run --out",
        "--loud run",
    ],
)
def test_wrong_command_lines_are_not_known(line: str) -> None:
    with pytest.raises(click.UsageError):
        require_known(words(line))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_options_are_known(page: Path) -> None:
    programs = [*ROOT.glob("scripts/**/*"), ROOT / "tests" / "conftest.py"]
    sources = [
        program.read_text(encoding="utf-8")
        for program in programs
        if program.suffix in ("", ".py") and program.is_file()
    ]
    known = options(cli).union(*(re.findall(r"--[a-z][\w-]*", source) for source in sources))
    named = {span.split()[0] for span in spans(page.read_text(encoding="utf-8")) if span.startswith("--")}
    assert sorted(named - known) == []
