"""A GGUF's chat template is a program of the model's maker: another process runs it, within limits.

This file is that process's script as well, so it imports nothing of localtopics.
"""

from __future__ import annotations

import faulthandler
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from jinja2 import Template

SECONDS = 3
MEMORY = 400 * 1024**2
"""Bytes of address space, of which Python and Jinja take 50 MiB; only Linux keeps to them."""
MOST_TEMPLATE, MOST_TEXT = 1 << 20, 1 << 18
"""Characters of a template and of what it writes; the longest templates known have 30,000."""
BEYOND = f"it takes more than {SECONDS} seconds or {MEMORY >> 20} MiB"

_A_DAY = date(2024, 7, 26)
"""What a template is told when it asks for today's date: the same prompt tomorrow as today."""


class Rendering(NamedTuple):
    """What a template made of a dialog: a text, or else a fault, as a clause about the template."""

    text: str | None
    fault: str


@lru_cache(maxsize=4)
def render(
    template: str, dialogs: Sequence[Sequence[tuple[str, str]]], bos: str, eos: str, thinking: bool = False
) -> tuple[Rendering, ...]:
    """Let a Jinja template write each of the dialogs, as ``apply_chat_template`` of transformers does.

    Args:
        dialogs: tuples of messages, each a role and its content.
        bos: what the template may write to open a text.
        eos: what it may write to close one.
        thinking: what it is told about whether the model may think before it answers.

    Raises:
        RuntimeError: the other process cannot be started.
    """
    if len(template) > MOST_TEMPLATE:
        return (Rendering(None, f"it is longer than {MOST_TEMPLATE >> 20} MiB"),) * len(dialogs)
    asked = {
        "template": template,
        "dialogs": dialogs,
        "bos_token": bos,
        "eos_token": eos,
        "enable_thinking": thinking,
    }
    child = subprocess.run(
        [sys.executable, "-P", __file__], input=json.dumps(asked).encode(), capture_output=True, check=False
    )
    ready, _, answer = child.stdout.partition(b"\n")
    if not ready:
        raise RuntimeError(f"The renderer of chat templates did not start:\n{child.stderr.decode()}")
    if child.returncode:
        return (Rendering(None, BEYOND),) * len(dialogs)
    return tuple(Rendering(*rendering) for rendering in json.loads(answer))


def _serve() -> None:
    """What the other process does: it answers the question on its standard input."""
    import jinja2.ext
    import jinja2.sandbox  # noqa: F401  (within the limits, but not within the time)

    asked = json.load(sys.stdin)
    _limit()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    template, dialogs = asked.pop("template"), asked.pop("dialogs")
    answer = json.dumps([_rendering(template, dialog, asked) for dialog in dialogs])
    sys.stdout.write(answer)
    sys.stdout.flush()


def _limit() -> None:
    """Let this process end where it takes too long or too much memory, whatever it is doing."""
    with suppress(ImportError):  # on Windows
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # not on macOS, or it is less already
                resource.setrlimit(kind, (most, most))
    faulthandler.dump_traceback_later(SECONDS, exit=True)


def _rendering(template: str, dialog: Sequence[Sequence[str]], names: dict[str, Any]) -> Rendering:
    try:
        return Rendering(_text(_compiled(template), dialog, names), "")
    except MemoryError:
        return Rendering(None, BEYOND)
    except Exception as error:  # it can fail in any way
        said = "".join(letter if letter.isprintable() else " " for letter in str(error)[:2000])
        return Rendering(None, " ".join(said.split())[:200] or type(error).__name__)


def _text(template: Template, dialog: Sequence[Sequence[str]], names: dict[str, Any]) -> str:
    text = ""
    for part in template.generate(
        messages=[{"role": role, "content": content} for role, content in dialog],
        add_generation_prompt=True,
        tools=None,
        documents=None,
        raise_exception=_raise_exception,
        strftime_now=_A_DAY.strftime,
        **names,
    ):
        text += part
        if len(text) > MOST_TEXT:
            raise ValueError(f"it writes more than {MOST_TEXT:,} characters")
    return text


def _raise_exception(message: str) -> NoReturn:
    raise ValueError(message)


@cache
def _compiled(template: str) -> Template:
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """transformers' tag around what the assistant says; it leaves no trace in the text."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    return environment.from_string(template)


if __name__ == "__main__":
    _serve()
