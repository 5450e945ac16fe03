"""The page on models lists those that go by a name, with what the catalogue says."""

from localtopics.llama.fit import memory_needed
from localtopics.models import KNOWN_MODELS
from tests.conftest import ROOT

MAKERS = ("mistralai", "microsoft", "ibm-granite", "HuggingFaceTB")
"""Owners on the hub who quantised models of their own."""


def table() -> list[str]:
    """The rows of the page's table."""
    rows = []
    for known in KNOWN_MODELS:
        owner = known.file.repo.partition("/")[0]
        size, needs = (f"{count / 1e9:.1f}" for count in (known.bytes, memory_needed(known)))
        quantised = "its maker" if owner in MAKERS else owner
        figures = f"{size} | {needs} | {known.context_length:,} | {known.licence} | {quantised}"
        rows.append(f"| `{known.name}` | {figures} |")
    return rows


def test_the_page_has_the_catalogue() -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert "\n".join(["| --- | --- | --- | --- | --- | --- |", *table()]) in text
