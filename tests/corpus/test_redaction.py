"""What is taken out of documents, and what only looks like it."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.corpus import Corpus
from localtopics.corpus.redaction import Redaction, _is_iban, _is_luhn
from localtopics.corpus.settings import PRIVATE, PRIVATE_FORM, private_kinds
from localtopics.errors import UserError


def redacted(text: str, kinds: str = "all") -> str:
    return Redaction(private_kinds(kinds)).text(text, Counter())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to bob.smith+x@mail.example.co.uk.", "Write to [email]."),
        ("bob(at)firm.de or bob [at] firm [dot] com", "[email] or [email]"),
        ("mailto:jürgen@müller.de, x@xn--mller-kva.de", "mailto:[email], [email]"),
        ("to DE89 3704 0044 0532 0130 00 AND", "to [iban] AND"),
        ("GB29NWBK60161331926819, or ch93-0076-2011-6238-5295-7", "[iban], or [iban]"),
        ("paid with 4111 1111 1111 1111.", "paid with [card]."),
        ("378282246310005 and 3782-822463-10005", "[card] and [card]"),
        ("call +49 30 901820 or +1-415-555-2671", "call [phone] or [phone]"),
    ],
)
def test_what_is_private_gives_way_to_its_kind(text: str, found: str) -> None:
    assert redacted(text) == found
    assert redacted(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "arXiv:1234.56789v2, hep-th/0505013 and 10.1103/PhysRevLett.116.061102",
        "ISBN 978-3-16-148410-0, 9780306406157, ISSN 0378-5955, PMID 17284678",
        "between 2020-01-02 10:30 and 01.02.2020, in 1998-2004, at 1617181723",
        "version 1.2.3-4, 127.0.0.1, 48.8566, 2.3522, +0.12, 10^{+12}, 3,141,592,653,589,793",
        "DE89 3704 0044 0532 0130 01 and 4111 1111 1111 1112 have wrong checksums",
        "J. Comput. 30 (2012) 327-355, doi:10.1016/S0370-2693(99)00123-4",
        "user @home, a@b, @handle, 3@4 and run(at) once",
        "4111/1111/1111/1111, 41 11 11 11 11 11 11 11, x4111111111111111",
    ],
)
@pytest.mark.parametrize("kinds", ["all", "all,phone:US,phone:DE,phone:GB"])
def test_what_looks_like_it_stays(text: str, kinds: str) -> None:
    assert redacted(text, kinds) == text


def test_national_phone_numbers_need_their_country() -> None:
    text = "(415) 555-2671, 0171/1234567, 030 901820, 555-0123"
    assert redacted(text) == text
    assert redacted(text, "phone:US") == "[phone], 0171/1234567, 030 901820, 555-0123"
    assert redacted(text, "phone:de,phone:US") == "[phone], [phone], [phone], 555-0123"


def _with_luhn(digits: str) -> str:
    return next(f"{digits}{last}" for last in range(10) if _is_luhn(f"{digits}{last}"))


_BETWEEN = st.sampled_from(["", ".", ", ", " in the text ", "\n", ")", "…"])


@settings(max_examples=40)
@given(st.text("0123456789", min_size=14, max_size=14), _BETWEEN, st.booleans())
def test_every_card_of_a_right_checksum_is_found(digits: str, after: str, grouped: bool) -> None:
    card = _with_luhn(f"4{digits}")
    shown = " ".join(card[start : start + 4] for start in range(0, 16, 4)) if grouped else card
    assert redacted(f"card: {shown}{after}", "card") == f"card: [card]{after}"
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert redacted(f"card: {wrong}{after}", "card") == f"card: {wrong}{after}"


@settings(max_examples=40)
@given(st.text("0123456789", min_size=18, max_size=18), _BETWEEN, st.booleans())
def test_every_iban_of_a_right_checksum_is_found(digits: str, after: str, grouped: bool) -> None:
    (iban,) = (found for check in range(2, 99) if _is_iban(found := f"DE{check:02}{digits}"))
    shown = " ".join(iban[start : start + 4] for start in range(0, 22, 4)) if grouped else iban
    assert redacted(f"to {shown}{after}", "iban") == f"to [iban]{after}"


_NAME = st.from_regex(r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]", fullmatch=True)


@settings(max_examples=40)
@given(_NAME, st.from_regex(r"[a-z]([a-z0-9-]{0,9}[a-z0-9])?\.(com|de|co\.uk)", fullmatch=True), _BETWEEN)
def test_every_address_is_found(name: str, host: str, after: str) -> None:
    found = redacted(f"see {name}@{host}{after}", "email")
    assert name + "@" not in found
    assert found.startswith("see [email]")


@given(st.text(), st.sampled_from(["all", "all,phone:US", "email,card"]))
def test_what_was_redacted_stays_the_same(text: str, kinds: str) -> None:
    once = redacted(text, kinds)
    assert redacted(once, kinds) == once


@given(st.lists(st.sampled_from(["a", "@", "4", "1 ", "DE12", "+1", "-", ".", "(at)", "0"]), max_size=60))
def test_scraps_of_numbers_and_addresses_do_no_harm(scraps: list[str]) -> None:
    redacted("".join(scraps), "all,phone:DE")


def test_the_time_grows_with_the_text_alone() -> None:
    for scrap in ("a", "a@", "4 ", "DE12 ", "1", "a.", "(at)"):
        redacted(scrap * 50_000, "email,iban,card")


def test_kinds_have_one_spelling() -> None:
    assert private_kinds(" phone:de, email,email") == ("email", "phone:DE")
    assert private_kinds("all") == PRIVATE
    assert PRIVATE_FORM.fullmatch("all,phone:US")
    assert not PRIVATE_FORM.fullmatch("names")
    with pytest.raises(UserError, match="XX is no country"):
        Redaction(private_kinds("phone:XX"))


def test_all_that_is_known_of_documents_is_redacted() -> None:
    corpus = Corpus.from_documents(
        ["One by bob@firm.de", "", "Two"],
        titles=["bob@firm.de", "", "B"],
        groups=["bob@firm.de", "", "g"],
        ids=["bob@firm.de", "x", "y"],
        columns={"by": ["ann@firm.de", "", None], "paid": [4111111111111111, 1, 2], "n": [1, 2, 3]},
    )
    found = Redaction(private_kinds("email,card")).corpus(corpus)
    assert found.documents == ["One by [email]", "Two"]
    assert (found.titles, found.groups, found.ids) == (["[email]", "B"], ["[email]", "g"], ["0", "2"])
    assert found.columns["by"].tolist() == ["[email]", pd.NA]
    assert found.columns["paid"].tolist() == ["[card]", "2"]
    assert found.columns["n"].dtype == "Int64"
    assert found.redacted == {"email": 5, "card": 1}
    assert found.digest != corpus.digest
