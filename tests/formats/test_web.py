"""Web pages and e-books: what of them is text."""

import io
import zipfile

import pytest

from localtopics.formats.document import Unreadable, own_title, tidy
from localtopics.formats.web import page, read_epub, read_html


def text(html: str) -> str:
    return tidy(page(html).text)


def test_what_nobody_reads_is_left_out() -> None:
    html = "<nav>Home</nav><script>if (a < b) {}</script><style>p {}</style><p>Bread &amp; butter"
    assert text(html + "<svg><text>x<svg>y</svg>z</svg>") == "Bread & butter"
    assert text("<script/><title/><svg/><p>Bread") == "Bread"


def test_blocks_are_paragraphs_and_lines_stay_lines() -> None:
    html = "<div>One\n  and <b>o</b>ne<p>Two<br>three</div><ul><li>four</li><li>five</ul><pre>a  b\n c</pre>"
    assert text(html) == "One and one\n\nTwo\nthree\n\nfour\nfive\n\na b\nc"


def test_cells_stand_on_a_line_unless_they_hold_paragraphs() -> None:
    assert text("<table><tr><td><p>a</p></td>\n<td>b</td></tr><tr><td>c<td>d</table>") == "a b\nc d"
    assert text("<table><tr><td><p>A letter.</p><p>Its end.</p></td></tr></table>") == "A letter.\n\nIts end."


def test_marks_of_footnotes_are_left_out() -> None:
    html = 'Bridges<a href="#fn1" role="doc-noteref"><sup>1</sup></a> age <a href="#notes">slowly</a>.'
    assert text(html) == "Bridges age slowly."


def test_a_page_is_called_by_its_title_or_its_first_heading() -> None:
    assert page("<title> On \n bread </title><h1>Bread</h1>").title == "On bread"
    assert page("<title>Untitled</title><h2>Bread</h2><h1>Butter</h1>").title == "Bread"
    assert page("<p>Bread").title == ""


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("Microsoft Word - report_final.doc", ""),
        ("thesis.tex", ""),
        ("Slide 1", ""),
        ("PowerPoint Presentation", ""),
        ("2024-02-29", ""),
        (None, ""),
        ("The presentation of self", "The presentation of self"),
        ("Untitled poems of 1930", "Untitled poems of 1930"),
    ],
)
def test_titles_that_programs_give_are_none(title: str | None, own: str) -> None:
    assert own_title(title) == own


def test_when_a_page_is_from() -> None:
    html = '<meta property="article:published_time" content="2024-02-29T12:00:00Z"><p>Bread'
    assert page(html).time == "2024-02-29T12:00:00+00:00"
    assert page('<meta name="date" content="last week">').time == ""


@pytest.mark.parametrize(
    "content",
    [
        "<meta charset='windows-1251'>Хлеб".encode("windows-1251"),
        "Хлеб".encode(),
        "Хлеб".encode("utf-16"),
        "<meta charset=latin1>Хлеб".encode(),
        "<?xml version='1.0' encoding='koi8-r'?>Хлеб".encode("koi8-r"),
    ],
)
def test_a_page_is_read_in_its_encoding(content: bytes) -> None:
    assert read_html(content).text.strip() == "Хлеб"


@pytest.mark.parametrize("charset", ["", "nonsense", "base64", "rot13", "undefined", "idna"])
def test_a_charset_that_is_none_is_windows_1252(charset: str) -> None:
    assert "Café" in read_html(f"<meta charset={charset}>Café".encode("latin-1")).text


def test_a_book_that_its_publisher_locked_is_refused() -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as file:
        file.writestr("META-INF/container.xml", '<c><rootfile full-path="o/book.opf"/></c>')
        file.writestr("META-INF/encryption.xml", '<e><CipherReference URI="o/1.xhtml"/></e>')
        package = '<p><item id="1" href="1.xhtml"/><itemref idref="1"/></p>'
        file.writestr("o/book.opf", package)
        file.writestr("o/1.xhtml", "x")
    with pytest.raises(Unreadable, match="locked by its publisher"):
        read_epub(book.getvalue())
