"""Proper nouns of a few documents: a player is no name for what is said of football managers."""

import pytest

from localtopics.labels.proper import CapitalLetters, borrowed
from localtopics.labels.scoring import choose

DOCUMENTS = [
    "Everybody at the club hopes that Gerrard will stay after the derby.",
    "The manager praised Rooney. Chelsea were lucky, and the boss of Arsenal agreed with the manager.",
    "A football manager loses his job after a bad season, says the Greek Football Federation of football.",
    "HOW TO BE A MANAGER\nManagers of football clubs in England rarely stay for long.",
]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Gerrard", 0.75),  # one of four documents
        ("Greek Football Federation", 0.75),
        ("Chelsea Boss", 0.0),  # the documents write "boss"
        ("Football Managers", 0.0),
        ("Football Managers in England", 0.0),  # its first part says what it is
        ("Managers", 0.0),  # a title and the start of a sentence tell nothing
        ("Basketball", 0.0),  # no document has it
        ("", 0.0),
    ],
)
def test_a_name_of_one_document_is_known_by_its_capital_letter(label: str, expected: float) -> None:
    assert borrowed(label, CapitalLetters(DOCUMENTS)) == expected


def test_a_name_that_all_documents_share_is_right() -> None:
    documents = [f"What {word} says of Napoleon is told here." for word in ("one", "another", "a third")]
    assert borrowed("Napoleon", CapitalLetters(documents)) == 0.0
    assert choose(0, ["Napoleon"]).text == "Napoleon"
