"""Zip files that strangers made, within limits: what office files and e-books are made of, too."""

from __future__ import annotations

import io
import zipfile
from xml.etree.ElementTree import Element, fromstring

from localtopics.formats.document import Unreadable

MOST_BYTES = 200 * 10**6
"""Of a file that is read as one document."""
MOST_TIMES = 100
"""How many times its size a packed file may unpack to beyond `MOST_BYTES`; texts grow up to 20 times."""
BOMB = f"unpacks to more than {MOST_TIMES} times its size, as no documents do"

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_LOCKED = "is locked by a password: save it without one"


def most_unpacked(size: int) -> int:
    """How many bytes a packed file of ``size`` bytes may unpack to."""
    return MOST_BYTES + MOST_TIMES * size


def opened(content: bytes) -> zipfile.ZipFile:
    """An office file or an e-book as the zip file that it is.

    Raises:
        Unreadable: it is locked, another kind of file, or unpacks to more than `most_unpacked`.
    """
    if content.startswith(_OLD_OFFICE):
        raise Unreadable("is locked by a password, or a file of Office before 2007: save it anew")
    archive = zipfile.ZipFile(io.BytesIO(content))
    check(archive, len(content))
    if any(is_locked(entry) for entry in archive.infolist()):
        raise Unreadable(_LOCKED)
    return archive


def check(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse a zip file of ``size`` bytes that is a bomb; nothing is unpacked beyond what it declares.

    Raises:
        Unreadable: it is one.
    """
    if sum(entry.file_size for entry in archive.infolist()) > most_unpacked(size):
        raise Unreadable(BOMB)


def is_locked(entry: zipfile.ZipInfo) -> bool:
    """Whether a file in a zip file is encrypted."""
    return bool(entry.flag_bits & 1)


def xml(archive: zipfile.ZipFile, name: str) -> Element:
    """One of its files as XML; Python's parser fetches nothing and lets no entity grow without end."""
    return fromstring(archive.read(name))


def told(root: Element, name: str) -> str:
    """The text of the first element called ``name``, whatever its namespace; "" where there is none."""
    found = next((element for element in root.iter() if local(element) == name), None)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
