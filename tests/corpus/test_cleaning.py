"""What is taken out of texts: it is taken out, and nothing else is."""

import logging
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localtopics.corpus import Corpus
from localtopics.corpus.boilerplate import repeated_sentences, without_sentences
from localtopics.corpus.cleaning import BOILERPLATE, CLEANERS, Cleaning, cleaned, tell_boilerplate
from localtopics.corpus.settings import CLEANINGS
from localtopics.errors import UserError

SPACE = " "
MAIL = f"""Hi Ann,

the pump broke again.

--{SPACE}
Bob Smith, ACME

On Mon, Jan 3, 2022 at 10:00 AM, Ann <ann@example.org> wrote:
> What is up
> with it?
"""
OUTLOOK = """Hallo,

bitte beheben.

________________________________
Von: Anna <anna@example.de>
Gesendet: Montag, 3. Januar 2022
An: Bob
Betreff: Pumpe

Die Pumpe ist kaputt.
"""
FRENCH = """Bonjour,

la pompe est en panne.

Le lun. 3 janv. 2022 à 10:00, Anne <anne@example.fr> a écrit :
> Que se passe-t-il ?
"""
HEADER = "From: Ann\nSent: Monday\nTo: Bob\nSubject: pump\n\n"
ENGLISH = f"Hi,\n\nplease fix.\n\n-----Original Message-----\n{HEADER}It broke.\n"
PAGE = (
    "<html><head><title>Maps</title><style>p {color: red}</style></head><body><!-- no <b> -->"
    "<p>AT&amp;T &amp; "
    "<b>maps</b><br/>of&nbsp;towns</p><script>if (a < b) { x('</p>') }</script></body></html>"
)

EXAMPLES = [
    ("email", MAIL, "Hi Ann,\n\nthe pump broke again."),
    ("email", OUTLOOK, "Hallo,\n\nbitte beheben."),
    ("email", FRENCH, "Bonjour,\n\nla pompe est en panne."),
    ("email", ENGLISH, "Hi,\n\nplease fix."),
    ("html", PAGE, "Maps\n\nAT&T & maps\nof towns"),
    ("html", '<a href="x">Read</a> on: 1 &lt; 2 &euro;', "Read on: 1 < 2 €"),
    ("latex", r"Schr\"odinger's $\alpha_s$ at 5% of $E=mc^2$", "Schrödinger's α_s at 5% of E=mc^2"),
    ("latex", r"{\bf Erd\H{o}s}--R\'enyi ``graphs''", "Erdős–Rényi “graphs”"),
    ("latex", r"see http://x.org/~me/ for L.~Kantorovich", "see http://x.org/~me/ for L. Kantorovich"),
    ("urls", "See https://example.org/a_(b)?c=d#e, or www.example.org.", "See, or."),
    ("urls", "A [map](https://example.org/map.html) of towns", "A [map] of towns"),
    (
        "quotes",
        "Ann wrote:\n> Is it broken?\n> > No.\nYes it is.\n\n> Since when?\nMonday.",
        "Yes it is.\n\nMonday.",
    ),
    ("quotes", "[quote=Ann]is it?[quote]no[/quote][/quote] Yes. [b]Really[/b]", "Yes. [b]Really[/b]"),
]

UNTOUCHED = [
    ("html", "if a < b and c > d, x <y and $<Q \\cdot, \\cdot>$ hold; AT&T; R&D;"),
    ("html", "std::vector<int> a; <someone@example.org> --> there"),
    ("email", "From here on we wrote: nothing is > something.\nOn Monday we met."),
    ("latex", "It costs 5% & more than before (A_1 = B^2)."),
    ("urls", "http is a protocol, and www a web: //comment"),
    ("quotes", "x > y\n-> there\n[quote] that does not end"),
]


def test_every_kind_has_its_place() -> None:
    assert (*CLEANERS, BOILERPLATE) == CLEANINGS


@pytest.mark.parametrize(("kind", "before", "after"), EXAMPLES)
def test_what_a_kind_takes_out(kind: str, before: str, after: str) -> None:
    assert CLEANERS[kind](before) == after
    assert Cleaning.of(kind)(before) == after


@pytest.mark.parametrize(("kind", "text"), UNTOUCHED)
def test_what_only_looks_like_it_stays(kind: str, text: str) -> None:
    assert CLEANERS[kind](text) == text


PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "&amp;",
            "&lt;",
            "> ",
            "\n",
            "-- \n",
            "$",
            "{",
            "}",
        ),
        *("\\alpha", "\\frac{1}{2}", "\\begin{a}", "%", "https://x.org/a", "www.a.de", "[quote]", "[/quote]"),
        *("On 3 May Ann wrote:\n", "a b", "From: x\n", "é", "\0", "\u2028", "]("),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join), kind=st.sampled_from([*CLEANERS])
)
def test_cleaning_never_fails_and_never_makes_more_of_a_text(text: str, kind: str) -> None:
    clean: Callable[[str], str] = CLEANERS[kind]
    found = clean(text)
    assert kind == "latex" or len(found) <= len(text)
    if kind in ("urls", "quotes"):
        assert clean(found) == found or len(clean(found)) < len(found)


@pytest.mark.parametrize("kind", CLEANERS)
@pytest.mark.parametrize(
    "piece", ["<p ", "<!--", "<script>", "[quote]", "> ", "{", "$", "\\", "www.a", "(", "&am", "On "]
)
def test_no_text_takes_long(kind: str, piece: str) -> None:
    CLEANERS[kind](piece * 1500)


# -- boilerplate --------------------------------------------------------------------------------------

NOTICE = "This message is confidential and meant for its receiver alone."


def many(count: int, said: int) -> list[str]:
    return [f"The pump number {row} broke today. {NOTICE * (row < said)}" for row in range(count)]


def test_boilerplate_is_what_stands_in_many_documents() -> None:
    assert repeated_sentences(many(300, 20)) == [(NOTICE, 20)]
    assert repeated_sentences(many(300, 19)) == []
    assert repeated_sentences(many(500, 24)) == []  # of 25
    assert repeated_sentences([f"{NOTICE} x"] * 100) == []  # one document
    assert without_sentences(f"A b.\n{NOTICE}\nC d.", [NOTICE]) == "A b.\nC d."
    assert without_sentences("A  b.\nC d.", [NOTICE]) == "A  b.\nC d."


def test_boilerplate_is_shown_and_removed_on_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "localtopics")
    texts = many(200, 50)
    tell_boilerplate(texts)
    assert f"The sentence “{NOTICE[:60]}…” stands in 50 of 200 documents" in caplog.text
    corpus = cleaned(Corpus.from_documents(texts), Cleaning.of("boilerplate"))
    assert corpus.documents[0] == "The pump number 0 broke today."
    assert corpus.documents[50:] == texts[50:]
    assert (corpus.originals, corpus.boilerplate) == (texts, (NOTICE,))
    assert "Cleaned 50 of 200 documents (boilerplate 50)" in caplog.text


# -- of a corpus --------------------------------------------------------------------------------------


def test_documents_of_which_nothing_is_left_are_dropped_and_counted() -> None:
    corpus = Corpus.from_documents(
        ["<p>a</p>", "", "<br>", "b"], titles=["A", "B", "C", "D"], ids=list("wxyz")
    )
    found = cleaned(corpus, Cleaning.of("html, urls"))
    assert (found.documents, found.originals) == (["a", "b"], ["<p>a</p>", "b"])
    assert (found.ids, found.titles, found.rows) == (["w", "z"], ["A", "D"], [0, 3])
    assert (found.dropped.empty, found.dropped.cleaned, found.dropped.total) == (1, 1, 2)
    assert found.read_as == {"cleaned html": "2", "cleaned urls": "0"}
    assert cleaned(corpus, Cleaning.of(None)) is corpus
    with pytest.raises(UserError, match="leaves nothing of any document"):
        cleaned(Corpus.from_documents(["<br>"]), Cleaning.of("html"))
