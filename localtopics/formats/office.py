"""Documents and slides of Word, PowerPoint and LibreOffice."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import ZipFile

from localtopics.formats.archive import opened, told, xml
from localtopics.formats.document import Document, Unreadable, own_title
from localtopics.formats.web import iso, page


def read_docx(content: bytes) -> Document:
    """Read a text document: its title or first heading, and when it was made.

    Tables and footnotes are read too, comments and what was deleted are not.
    """
    with opened(content) as archive:
        if "word/document.xml" not in archive.namelist():
            raise Unreadable("is no Word document")
        title, time = _properties(archive)
    import mammoth

    html = mammoth.convert_to_html(
        io.BytesIO(content),
        style_map="p[style-name='Title'] => h1:fresh",
        convert_image=mammoth.images.img_element(lambda image: {}),
    ).value
    read = page(html)
    return Document(read.text, title or read.title, time)


def read_pptx(content: bytes) -> Document:
    """Read slides: texts, tables and notes; their title or the first slide's, and when they were made."""
    with opened(content) as archive:
        if "ppt/presentation.xml" not in archive.namelist():
            raise Unreadable("is no PowerPoint file")
        title, time = _properties(archive)
    from pptx import Presentation

    slides = list(Presentation(io.BytesIO(content)).slides)
    text = "\n\n".join("\n".join(_lines(slide)) for slide in slides)
    first = (own_title(each.shapes.title.text_frame.text) for each in slides if each.shapes.title is not None)
    return Document(text, title or next(filter(None, first), ""), time)


def _lines(slide: Any) -> Iterator[str]:
    yield from _texts(slide.shapes)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        yield notes.text


def _texts(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _texts(shape.shapes)
        elif shape.has_text_frame:
            yield shape.text_frame.text
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                yield " ".join(cell.text_frame.text for cell in row.cells)


def _properties(archive: ZipFile) -> tuple[str, str]:
    """What an office file says is its title, and when it was made."""
    if "docProps/core.xml" not in archive.namelist():
        return "", ""
    core = xml(archive, "docProps/core.xml")
    return own_title(told(core, "title")), iso(told(core, "created"))
