"""Transcripts as subtitles: SRT and WebVTT."""

from __future__ import annotations

import codecs
import html
import re

from localtopics.formats.document import Document, Unreadable

_CUE = re.compile(r"(?:\d+:)?\d+:\d\d[.,]\d+\s*-->")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_MARK = re.compile(r"</?[a-zA-Z0-9][^<>]*>|\{\\[^{}]*\}")


def read_subtitles(content: bytes) -> Document:
    """Read what is said, as running text: a paragraph until another speaker is named, none of it twice.

    Raises:
        Unreadable: it is not UTF-8, or nothing in it has a time.
    """
    paragraphs: list[list[str]] = [[]]
    speaker, last, cues = "", "", 0
    for block in re.split(r"\n\s*\n", _decoded(content)):
        lines = block.strip("\n").split("\n")
        cue = next((place for place, line in enumerate(lines) if _CUE.match(line.strip())), None)
        if cue is None:  # a note, a style, the file's own header
            continue
        cues += 1
        for line in lines[cue + 1 :]:
            if (voice := _VOICE.search(line)) and (name := voice[1].strip()) != speaker:
                speaker = name
                paragraphs.append([f"{speaker}:"])
            said = html.unescape(_MARK.sub("", line)).strip()
            if said and said != last:  # captions that roll up show a line twice
                paragraphs[-1].append(said)
                last = said
    if not cues:
        raise Unreadable("holds no subtitles: no line has the times that one is shown")
    return Document("\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph))


def _decoded(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8: convert it, as `iconv -f WINDOWS-1252 -t UTF-8` does") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
