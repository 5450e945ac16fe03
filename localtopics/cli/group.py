"""A group of commands that says in one sentence what a user can mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from localtopics.cli import terminal
from localtopics.cli.terminal import echo, harmless, harmless_line
from localtopics.errors import UserError, explained


def hinted(sentence: str, arguments: Sequence[str] = (), command: str = "") -> str:
    """A sentence of the library with the options and the command that mend what it is about."""
    hints = [f"--{name.replace('_', '-')}" for name in arguments]
    if command:
        hints.append(f"`localtopics {command}`")
    return f"{sentence.rstrip('.')} ({', '.join(hints)})." if hints else sentence


class _Failure(click.ClickException):
    """One clear sentence on standard error, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        echo(f"Error: {harmless_line(self.message)}", err=True)


class Commands(click.Group):
    """Turns mistakes that a user can mend into one sentence; faults of ours keep their traceback."""

    def main(self, *args: Any, **more: Any) -> Any:
        terminal.prepare()
        return super().main(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise _Failure(hinted(str(error), error.arguments, error.command)) from None
        except OSError as error:
            if (sentence := explained(error)) is None:
                raise
            raise _Failure(sentence) from None
        except click.UsageError as error:
            said = error.format_message()
            if said == harmless(said):
                raise
            raise click.UsageError(harmless(said), error.ctx) from None
        except KeyboardInterrupt:
            echo("\nStopped. The same command goes on from here.", err=True)
            ctx.exit(130)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of a person's work, not of the alphabet
