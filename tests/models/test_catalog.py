"""The models that go by a short name."""

import re

from localtopics.gguf import split_parts
from localtopics.models import DEFAULT_MODEL, KNOWN_MODELS, known_model
from localtopics.models.registry import display_name, wanted_files


def test_open_licences_stand_first_and_the_default_is_listed() -> None:
    is_open = [known.is_open for known in KNOWN_MODELS]
    assert is_open == sorted(is_open, reverse=True)
    assert sum(is_open) >= 6
    assert DEFAULT_MODEL in [known.name for known in KNOWN_MODELS]
    for known in KNOWN_MODELS:
        assert known.is_open or known.terms  # what has terms of its own shows them


def test_names_and_files_are_told_apart() -> None:
    assert len({known.name for known in KNOWN_MODELS}) == len(KNOWN_MODELS)
    for known in KNOWN_MODELS:
        address = f"{known.file.repo}/{known.file.path}"
        for name in (known.name, known.name.upper(), address, f"hf:{address}"):
            assert known_model(name) == known
            assert wanted_files(name) == [known.file]
        assert display_name(known.file) == known.name
        assert split_parts(known.file.path) == [known.file.path]


def test_sizes_are_those_of_four_bit_files() -> None:
    for known in KNOWN_MODELS:
        assert 1e9 <= known.parameters <= 15e9, known.name
        assert 4.5 <= 8 * known.bytes / known.parameters <= 5.7, known.name
        assert known.context_length >= 4096
        assert known.sha256 is None or re.fullmatch("[0-9a-f]{64}", known.sha256)
