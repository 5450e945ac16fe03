"""A process that uses the models room as a user of its own would, and the places of what it fetches."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.conftest import ROOT
from tests.models.hub_server import HubServer

NAME = "someone/tiny-GGUF/tiny.Q8_0.gguf"
PROGRAM = """
import sys
from contextlib import contextmanager
from localtopics.errors import UserError
from localtopics import models

@contextmanager
def progress(description, total=None):
    done = []
    yield done.append
    print(description, sum(done), total, sep="|")

try:
    if sys.argv[1] == "pull":
        print(models.pull(sys.argv[2], progress))
    else:
        from huggingface_hub import hf_hub_download
        owner, repo, file = sys.argv[2].split("/")
        print(hf_hub_download(f"{owner}/{repo}", file))
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


def run(server: HubServer | str, *arguments: str, **environment: str) -> tuple[list[str], str]:
    """What the program prints, and the sentence of a UserError."""
    process = start(server, *arguments, environment=environment)
    out, error = process.communicate(timeout=60)
    assert process.returncode == (2 if error else 0), error
    assert error.count("\n") <= 1
    return out.splitlines(), error.strip()


def start(
    server: HubServer | str,
    *arguments: str,
    environment: Mapping[str, str] = {},
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[str]:
    """The program, at work; ``before`` runs in its process before it starts."""
    url = server if isinstance(server, str) else server.url
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "HF_ENDPOINT": url, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def place(home: Path, name: str = NAME) -> Path:
    """Where a model of the hub is kept."""
    return home / "models" / name


def parts(home: Path) -> list[Path]:
    """Files that are not whole yet."""
    return sorted(home.rglob("*.part"))
