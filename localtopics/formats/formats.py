"""Which function reads a file of one document: a new format is a line in `FORMATS`."""

from __future__ import annotations

from localtopics.formats.document import Read
from localtopics.formats.mail import read_eml
from localtopics.formats.office import read_docx, read_pptx
from localtopics.formats.pdf import read_pdf
from localtopics.formats.subtitles import read_subtitles
from localtopics.formats.web import read_epub, read_html

FORMATS: dict[str, Read] = {
    ".docx": read_docx,
    ".pptx": read_pptx,
    ".pdf": read_pdf,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".epub": read_epub,
    ".eml": read_eml,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
}
"""Ending of a file's name, in small letters, to what reads its content."""
