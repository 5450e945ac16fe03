"""Mails, and the mailboxes that they lie in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import IO

from localtopics.formats.document import Document, Unreadable
from localtopics.formats.web import decoded, page

_HEADER = re.compile(rb"[!-9;-~]+:")
_FROM = re.compile(rb"From .*\d\d:\d\d")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_DEEPEST = 50


def read_eml(content: bytes) -> Document:
    """Read a mail: its plain text, or else the text of its HTML; its subject and date.

    Raises:
        Unreadable: it has no header.
    """
    if not _HEADER.match(content.lstrip()[:1000]):
        raise Unreadable("is no mail: it does not begin with a header")
    mail = message_from_bytes(content.lstrip())
    texts: dict[str, list[str]] = {"plain": [], "html": []}
    attachments = _gather(mail, texts)
    text = "\n\n".join(texts["plain"])
    if not text.strip():
        text = "\n\n".join(page(html).text for html in texts["html"])
    return Document(text, _readable(mail["Subject"]), _date(mail["Date"]), attachments)


def mails(mailbox: IO[bytes]) -> Iterator[bytes]:
    """The mails of a mailbox (mbox), one after the other.

    Each begins with a line "From …" with a time, after an empty line or at the start; lines of a mail that
    would look like one begin with ">", which goes (mboxrd).

    Raises:
        Unreadable: the file does not begin with such a line.
    """
    lines: list[bytes] = []
    started, after_empty = False, True
    for line in mailbox:
        if after_empty and _FROM.match(line):
            if started:
                yield _QUOTED.sub(rb"\1", b"".join(lines))
            lines, started = [], True
        elif started:
            lines.append(line)
        elif line.strip():
            raise Unreadable('is no mailbox (mbox): it does not begin with "From "')
        after_empty = not line.strip()
    if started:
        yield _QUOTED.sub(rb"\1", b"".join(lines))


def _gather(part: Message, texts: dict[str, list[str]], depth: int = 0) -> int:
    """Put the texts of a mail's part to the others; returns how many attachments it has."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment" or kind == "message/rfc822" or depth > _DEEPEST:
        return 1
    if part.is_multipart():
        parts = part.get_payload()
        return sum(_gather(each, texts, depth + 1) for each in parts if isinstance(each, Message))
    subtype = kind.removeprefix("text/")
    if subtype not in texts:
        return 1
    texts[subtype].append(_text(part))
    return 0


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    with suppress(UnicodeDecodeError):  # as nearly all is today, whatever it says
        return content.decode()
    charset = part.get_param("charset", "")
    return decoded(content, charset if isinstance(charset, str) else "")


def _readable(header: str | Header | None) -> str:
    """A header without its codes for other letters than ASCII's."""
    if header is None:
        return ""
    line = str(header)
    with suppress(HeaderParseError, ValueError):
        words = decode_header(header)
        line = "".join(
            word if isinstance(word, str) else _word(word, charset or "") for word, charset in words
        )
    return " ".join(line.split())


def _word(word: bytes, charset: str) -> str:
    with suppress(UnicodeDecodeError):
        if charset.lower() in ("", "utf-8", "unknown-8bit"):
            return word.decode()
    return decoded(word, charset)


def _date(header: object) -> str:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(str(header)).isoformat()
    return ""
