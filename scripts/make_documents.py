"""Make the files in tests/data/documents anew, by the programs that people make such files with.

    python scripts/make_documents.py

It takes LibreOffice, pandoc, groff with gropdf, poppler, Info-ZIP and tar: of Debian the packages
libreoffice-writer, libreoffice-impress, pandoc, groff, poppler-utils, zip and tar. What the files hold is
said in tests/formats/test_formats.py.
"""

from __future__ import annotations

import mailbox
import subprocess
import tempfile
from email.message import EmailMessage
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).parents[1] / "tests" / "data" / "documents"

BRIDGES = """---
title: Bridges of the Ruhr
date: 2024-02-29
lang: en
---

# How bridges age

Steel bridges that were built before 1970 carry more lorries than anybody expected. The measurement of their
deflection under moving loads takes a week, and characterisation of the welds another.^[Welds
were counted twice.]

Café owners nearby complain about noise: “never a quiet morning”.

| Bridge | Built |
|--------|-------|
| Kettwig | 1967 |
| Werden | 1966 |

- Closed to lorries
- Renewed in summer
"""

SLIDES = """---
title: Bees in cities
---

# Why bees come

- Gardens flower all summer
- Few poisons are sprayed

::: notes
Say how many hives there are.
:::

# Where they live

| Place | Hives |
|-------|-------|
| Roofs | 12 |
"""

GROFF = """.ll 3i
.nh
.hy 1
.pl 4i
Interdisciplinary characterisation of instrumentation necessitates extraordinarily comprehensive
understanding of environmental temperature fluctuations, considerably complicating straightforward
interpretation.
.sp
A second paragraph follows, with North-South relations.
"""

SRT = """1
00:00:01,000 --> 00:00:03,500
<i>Welcome to the town hall.</i>

2
00:00:03,600 --> 00:00:06,000
Tonight we speak of trams,
and of their fares.

3
00:00:06,100 --> 00:00:09,000
and of their fares.
Who begins?
"""

VTT = """WEBVTT - Town hall

STYLE
::cue { color: white }

NOTE made by hand

intro
00:01.000 --> 00:03.500 align:start
<v Ms Abel>Welcome to the town hall.</v>

00:03.600 --> 00:06.000
<v Ms Abel>Tonight we speak of <c.loud>trams</c> &amp; fares.

00:06.100 --> 00:09.000
<v Mr Baum>Who begins?
"""


def run(*command: str, text: str = "", folder: Path | None = None) -> None:
    subprocess.run(command, input=text.encode(), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def office(source: Path, kind: str, target: Path) -> None:
    """Have LibreOffice convert a file."""
    with tempfile.TemporaryDirectory() as name:
        profile = f"-env:UserInstallation=file://{name}/profile"
        run("soffice", profile, "--headless", "--convert-to", kind, "--outdir", name, str(source))
        made = Path(name, source.with_suffix(target.suffix).name)
        target.write_bytes(made.read_bytes())


def mails() -> list[EmailMessage]:
    plain = EmailMessage()
    plain["From"] = "Ünal <unal@example.org>"
    plain["Subject"] = "Fahrräder im Büro"
    plain["Date"] = "Thu, 29 Feb 2024 12:00:00 +0100"
    plain.set_content("Wer stellt die Räder in den Flur?\n\nFrom today on: nobody.\n", charset="iso-8859-1")
    both = EmailMessage()
    both["Subject"] = "Lunch on Friday"
    both["Date"] = "Fri, 1 Mar 2024 09:30:00 +0000"
    both.set_content("The canteen is closed.\n")
    both.add_alternative("<p>The <b>canteen</b> is closed, says the HTML.</p>", subtype="html")
    both.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="menu.png")
    html = EmailMessage()
    html["Subject"] = "News"
    html["Date"] = "Sat, 2 Mar 2024 09:30:00 +0000"
    html.set_content(
        "<html><style>p {color: red}</style><p>Only&nbsp;HTML &ndash; sorry.</p></html>",
        subtype="html",
        cte="base64",
    )
    return [plain, both, html]


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for kind in ("odt", "docx", "epub", "html"):
            run("pandoc", "-s", "-f", "markdown", "-o", str(work / f"bridges.{kind}"), text=BRIDGES)
        (TARGET / "pandoc.docx").write_bytes((work / "bridges.docx").read_bytes())
        (TARGET / "pandoc.epub").write_bytes((work / "bridges.epub").read_bytes())
        (TARGET / "pandoc.html").write_bytes((work / "bridges.html").read_bytes())
        office(work / "bridges.odt", "docx:MS Word 2007 XML", TARGET / "libreoffice.docx")
        office(work / "bridges.odt", "pdf:writer_pdf_Export", TARGET / "libreoffice.pdf")
        office(work / "bridges.odt", "html:HTML (StarWriter)", TARGET / "libreoffice.html")
        password = '"DocumentOpenPassword":{"type":"string","value":"x"}'
        lock = '{"EncryptFile":{"type":"boolean","value":"true"},' + password + "}"
        office(work / "bridges.odt", f"pdf:writer_pdf_Export:{lock}", TARGET / "locked.pdf")
        run("pandoc", "-f", "markdown", "-o", str(work / "slides.pptx"), text=SLIDES)
        office(work / "slides.pptx", "pptx:Impress MS PowerPoint 2007 XML", TARGET / "libreoffice.pptx")
        paper = subprocess.run(
            ["groff", "-Tpdf"], input=GROFF.encode(), capture_output=True, check=True
        ).stdout
        (TARGET / "groff.pdf").write_bytes(paper)
        run(
            "pdftoppm",
            "-r",
            "40",
            "-gray",
            "-png",
            "-singlefile",
            str(TARGET / "groff.pdf"),
            str(work / "page"),
        )
        Image.open(work / "page.png").convert("1").save(TARGET / "scanned.pdf")
    (TARGET / "talk.srt").write_bytes(SRT.replace("\n", "\r\n").encode("utf-8-sig"))
    (TARGET / "talk.vtt").write_text(VTT)
    head = "<html><head><meta charset=iso-8859-1><title>Cafés</title></head>"
    page = head + "<body>Crème &lt; brûlée</body></html>"
    (TARGET / "latin1.html").write_bytes(page.encode("latin-1"))
    (TARGET / "inbox.mbox").unlink(missing_ok=True)
    box = mailbox.mbox(TARGET / "inbox.mbox")
    for mail, file in zip(mails(), ("plain.eml", "both.eml", "html.eml"), strict=True):
        (TARGET / file).write_bytes(mail.as_bytes())
        box.add(mail)
    box.close()
    for file in ("all.zip", "locked.zip", "all.tar.gz"):
        (TARGET / file).unlink(missing_ok=True)
    inside = ["talk.vtt", "plain.eml", "libreoffice.docx", "latin1.html"]
    run("zip", "-X", "-q", "all.zip", *inside, folder=TARGET)
    run("zip", "-X", "-q", "-P", "x", "locked.zip", "talk.vtt", folder=TARGET)
    run("tar", "--owner=0", "--group=0", "-czf", "all.tar.gz", *inside, folder=TARGET)


if __name__ == "__main__":
    main()
