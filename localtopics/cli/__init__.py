"""The command line: all of click and rich, and nothing else."""

from localtopics.cli.main import cli, main

__all__ = ["cli", "main"]
