"""Mails and mailboxes as they come."""

import io

import pytest

from localtopics.formats.document import Unreadable
from localtopics.formats.mail import mails, read_eml


def test_a_charset_that_is_unknown_or_wrong_costs_letters_at_most() -> None:
    for charset in ("x-unknown", "us-ascii", "utf-8", ""):
        mail = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\nCaf".encode() + b"\xe9"
        assert read_eml(mail).text.startswith("Caf")
    mail = "Subject: Räder\nContent-Type: text/plain; charset=latin-1\n\nRäder".encode()
    assert read_eml(mail)[:2] == ("Räder", "Räder")


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (b"=?iso-8859-1?q?Caf=E9?= =?utf-8?b?w6k=?=", "Caféé"),
        (b"=?x-none?q?Caf=E9?=", "Café"),
        (b"=?utf-8?b?w6k?", "=?utf-8?b?w6k?"),
        (b"folded\n over lines", "folded over lines"),
        (b"", ""),
    ],
)
def test_subjects(header: bytes, title: str) -> None:
    assert read_eml(b"Subject: " + header + b"\n\ntext").title == title


def test_a_date_that_is_none_is_no_time() -> None:
    for date in (b"yesterday", b"Thu, 99 Feb 2024 12:00:00 +0100", b"", b"Thu, 29 Feb 99999 12:00:00"):
        assert read_eml(b"Date: " + date + b"\n\ntext").time == ""


def test_forwarded_mails_are_attachments() -> None:
    mail = (
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nSee below.\n'
        b"--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nInner text.\n--b--\n"
    )
    document = read_eml(mail)
    assert (document.text.strip(), document.attachments) == ("See below.", 1)


def test_parts_within_parts_end() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i) for i in range(90))
    assert read_eml(deep + b"\ntext").attachments == 1


def test_the_mails_of_a_mailbox() -> None:
    box = (
        b"From a Mon 12:00:00\nSubject: one\n\nFrom here on.\n>From there on.\n>>From x\n\n"
        b"From b Tue 12:00:00\r\nSubject: two\n\nlast"
    )
    first, second = mails(io.BytesIO(box))
    assert first == b"Subject: one\n\nFrom here on.\nFrom there on.\n>From x\n\n"
    assert second == b"Subject: two\n\nlast"
    assert list(mails(io.BytesIO(b""))) == []
    with pytest.raises(Unreadable, match="is no mailbox"):
        list(mails(io.BytesIO(b"Dear all")))
