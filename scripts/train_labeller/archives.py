"""Archives that training data is made from: fetched once, and checked by their SHA-256."""

import hashlib
import urllib.request
from pathlib import Path

from recipe import WORK

from localtopics.files import replacing

ARCHIVES = WORK / "archives"


def fetch(url: str, sha256: str) -> Path:
    """The file at ``url``, fetched if it is not here yet."""
    path = ARCHIVES / url.rpartition("/")[2]
    if not path.exists():
        with urllib.request.urlopen(url, timeout=300) as answer:
            content = answer.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SystemExit(f"{url} is not the file with the SHA-256 {sha256}")
        with replacing(path) as part:
            part.write_bytes(content)
    return path
