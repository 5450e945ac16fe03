"""One style of name whatever the model, with each word as the documents write it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localtopics.labels.label import Candidate, Label
from localtopics.labels.settings import LabelCase
from localtopics.labels.style import READ, Spelling, in_style, styled

DOCUMENTS = (
    "The SCSI bus is slow. We use a SCSI controller beside iOS and in NASA labs.",
    "The court applied Islamic law, and the new rules of New York law. We eat vitamin A with GPUs.\n"
    "Greek athletics is popular; the Greek team won in Athens. mRNA vaccines were made in The Hague.",
    "Deep Learning Methods for Images: an Overview\nWe train deep learning methods, and the UNESCO site too.",
    "THIS TEAM IS VERY BAD and the referee was ASLEEP. It is NOT a team.",
)
SPELLING = Spelling(DOCUMENTS)

STYLES = {
    # as any model may write it: in title case and in sentence case
    "Islamic Law": ("Islamic Law", "Islamic law"),
    "ISLAMIC LAW": ("Islamic Law", "Islamic law"),
    "ISLAMIC rules": ("Islamic Rules", "Islamic rules"),
    "SHIPPING DELAYS": ("Shipping Delays", "Shipping delays"),
    "NEW YORK SCSI CONTROLLERS": ("New York SCSI Controllers", "New York SCSI controllers"),
    "new york law reform": ("New York Law Reform", "New York law reform"),
    "new law": ("New Law", "New law"),
    "greek athletics": ("Greek Athletics", "Greek athletics"),
    "Greek Athletics": ("Greek Athletics", "Greek athletics"),
    "scsi buses": ("SCSI Buses", "SCSI buses"),
    "Scsi Bus": ("SCSI Bus", "SCSI bus"),
    "ios apps": ("iOS Apps", "iOS apps"),
    "IOS Apps": ("iOS Apps", "iOS apps"),
    "gpu": ("GPU", "GPU"),
    "Gpus for games": ("GPUs for Games", "GPUs for games"),
    "Vitamin a deficiency": ("Vitamin A Deficiency", "Vitamin A deficiency"),
    "courts in the hague": ("Courts in The Hague", "Courts in The Hague"),
    "deep Learning Methods": ("Deep Learning Methods", "Deep learning methods"),
    "asleep team": ("Asleep Team", "Asleep team"),
    # what the documents do not hold
    "the theory Of dRNA and of graphs": (
        "The Theory of dRNA and of Graphs",
        "The theory of dRNA and of graphs",
    ),
    "LaTeX": ("LaTeX", "LaTeX"),
    "eBay sellers": ("eBay Sellers", "eBay sellers"),
    "NATO": ("NATO", "NATO"),
    "US GDP": ("US GDP", "US GDP"),
    "HIV/AIDS": ("HIV/AIDS", "HIV/AIDS"),
    "C++ templates": ("C++ Templates", "C++ templates"),
    "Node.js apps": ("Node.js Apps", "Node.js apps"),
    "Trade policy of the U.S.": ("Trade Policy of the U.S.", "Trade policy of the U.S."),
    "COVID-19 vaccines": ("COVID-19 Vaccines", "COVID-19 vaccines"),
    "x86 chips": ("x86 Chips", "x86 chips"),
    "Rio de Janeiro": ("Rio de Janeiro", "Rio de Janeiro"),
    "children's books": ("Children's Books", "Children's books"),
    # hyphens and colons
    "self-supervised learning": ("Self-Supervised Learning", "Self-supervised learning"),
    "x-ray imaging": ("X-Ray Imaging", "X-ray imaging"),
    "e-commerce": ("E-Commerce", "E-commerce"),
    "state-of-the-art methods": ("State-of-the-Art Methods", "State-of-the-art methods"),
    "retrieval: the dense ways": ("Retrieval: The Dense Ways", "Retrieval: The dense ways"),
    # no capitals in the script, no words at all
    "\u673a\u5668\u5b66\u4e60": ("\u673a\u5668\u5b66\u4e60", "\u673a\u5668\u5b66\u4e60"),
    "": ("", ""),
}


@pytest.mark.parametrize(("label", "expected"), STYLES.items())
def test_a_name_is_in_title_or_sentence_case(label: str, expected: tuple[str, str]) -> None:
    assert (styled(label, "title", SPELLING), styled(label, "sentence", SPELLING)) == expected


@pytest.mark.parametrize("label", STYLES)
def test_a_name_is_kept_as_the_model_wrote_it(label: str) -> None:
    assert styled(label, "keep", SPELLING) == label


def test_only_capitals_that_no_place_asks_for_tell_how_a_word_is_written() -> None:
    assert (
        Spelling(["Rivers flow.", "A Guide to Rivers and Lakes", "RIVERS AND LAKES FLOW"]).of("rivers")
        is None
    )
    assert (
        Spelling(["He swam in rivers.", "We saw Rivers there.", "She likes rivers."]).of("rivers") == "rivers"
    )
    assert Spelling(["x " * READ + "the SCSI bus"]).of("scsi") is None, "read to the end"


texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*" ".join([*STYLES, *DOCUMENTS]).split(), "-", ": ", "\u0130", "\u01c6"])).map(
        " ".join
    ),
)


@given(texts, st.sampled_from(["title", "sentence", "keep"]), st.lists(texts, max_size=4))
@example("\u0149a", "title", [])
def test_nothing_but_case_changes_and_it_changes_once(
    label: str, case: LabelCase, documents: list[str]
) -> None:
    spelling = Spelling(documents)
    once = styled(label, case, spelling)
    assert once.casefold() == label.casefold()
    assert len(once) == len(label)
    assert styled(once, case, spelling) == once


def test_candidates_have_the_style_of_the_name_and_keywords_have_none() -> None:
    candidates = (
        Candidate('"scsi drives."', 0.9),
        Candidate("Topic: DISKS FOR SALE", 0.5),
        Candidate("I cannot"),
    )
    label = in_style(Label(3, "scsi drives", False, candidates, "abc", 0.1), DOCUMENTS, "title")
    assert label.text == "SCSI Drives"
    assert [one.text for one in label.candidates[:2]] == ["SCSI Drives", "Disks for Sale"]
    assert [one.score for one in label.candidates] == [0.9, 0.5, None]
    for other in (
        Label(3, "scsi, drive, disk", True, candidates, "abc", 0.1),
        Label(-1, "nothing special", False, (), "", 0.0),
    ):
        assert in_style(other, DOCUMENTS, "title") == other
