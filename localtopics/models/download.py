"""One file from the Hugging Face hub to this disk: resumed where it was cut off, whole or not there at all.

``huggingface_hub.hf_hub_download`` (2.4) throws a half-fetched file away when it fails or its process ends,
which a model of 8 GB cannot afford. So the file is streamed here, through the same client: its session,
headers, token and errors.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from localtopics.errors import UserError
from localtopics.models.checksum import record_sha256, sha256
from localtopics.progress import Bytes, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from huggingface_hub.errors import HfHubHTTPError

    from localtopics.progress import Advance

_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before trying again, while not a byte arrives


@dataclass(frozen=True)
class HubFile:
    """A file in a model repository of the Hugging Face hub."""

    repo: str
    """OWNER/NAME, such as TheBloke/Llama-2-13B-chat-GGUF."""
    path: str
    """The file's path there."""

    @property
    def page(self) -> str:
        """Where a person reads about the model."""
        from huggingface_hub import constants

        return f"{constants.ENDPOINT}/{self.repo}"


def fetch(file: HubFile, to: Path, progress: Progress = silent) -> None:
    """Make ``to`` be a file of the hub, and write its hash beside it (see `record_sha256`).

    What has arrived is kept in a hidden file beside ``to``, and the next call goes on from there. ``to``
    itself appears only once its SHA-256 is the one that the hub states.

    Raises:
        UserError: the hub cannot give the file, the disk is full, or what arrived is not what the hub states.
    """
    with explained(file):
        stated = _ask(file)
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(to.with_name(f".{to.name}.lock"), timeout=0):
                _fetch(file, stated, to, progress)
        except Timeout:
            raise UserError(
                f"Another process is downloading {to.name} already; wait until it is done."
            ) from None


def stated_bytes(file: HubFile) -> int:
    """The size that the hub states for a file.

    Raises:
        UserError: the hub cannot give the file.
    """
    with explained(file):
        return _ask(file).bytes


@dataclass(frozen=True)
class _Statement:
    """What the hub states about a file."""

    commit: str
    sha256: str
    bytes: int


def _ask(file: HubFile) -> _Statement:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    stated = get_hf_file_metadata(hf_hub_url(file.repo, file.path))
    if stated.commit_hash is None or stated.size is None or stated.etag is None:
        raise UserError(not_the_hub(file))
    if not re.fullmatch("[0-9a-f]{64}", stated.etag):
        raise UserError(f"The hub states no SHA-256 for {file.path} in {file.repo}, so it cannot be checked.")
    return _Statement(stated.commit_hash, stated.etag, stated.size)


def _fetch(file: HubFile, stated: _Statement, to: Path, progress: Progress) -> None:
    if to.is_file() and to.stat().st_size == stated.bytes and sha256(to, progress) == stated.sha256:
        record_sha256(to, stated.sha256)
        return
    part = to.with_name(f".{to.name}.{stated.sha256[:16]}.part")
    for other in to.parent.glob(f".{to.name}.*.part"):
        if other != part or other.stat().st_size > stated.bytes:  # of another version, or overlong
            other.unlink()
    _check_space(part, stated.bytes)
    _download(file, stated, part, progress)
    if sha256(part, progress, shown_as=to.name) != stated.sha256:
        part.unlink()
        raise UserError(
            f"The download of {file.path} has not the SHA-256 that the hub states ({stated.sha256[:16]}…) "
            "and was thrown away; run the same command again."
        )
    record_sha256(to, stated.sha256)
    part.replace(to)


def _check_space(part: Path, size: int) -> None:
    missing = size - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise UserError(
            f"{part.parent} has {_size(free)} free where {_size(missing)} are still to come; make room, or "
            "set LOCALTOPICS_HOME to a folder on a larger disk."
        )


def _download(file: HubFile, stated: _Statement, part: Path, progress: Progress) -> None:
    """Fetch into ``part`` what it lacks, going on after each break as long as bytes keep coming."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, HTTPError  # type: ignore[attr-defined]
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    # The very commit that was asked about, so that a change on the hub cannot mix two versions.
    url = hf_hub_url(file.repo, file.path, revision=stated.commit)
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    name, idle = file.path.rpartition("/")[2], 0
    with progress(f"Downloading {name}", Bytes(stated.bytes)) as advance, part.open("ab", buffering=0) as out:
        advance(out.tell())
        while (start := out.tell()) < stated.bytes:
            try:
                _append(url, headers, out, stated.bytes, advance)
            except HTTPError as error:  # the network's, or the hub's own
                refused = isinstance(error, HfHubHTTPError) and error.response.status_code < 500
                if refused or idle == len(_PAUSES):
                    raise
            idle = 0 if out.tell() > start else idle + 1
            if idle > len(_PAUSES):
                raise UserError(f"The hub sends no more of {name}; run the same command again later.")
            if idle:
                time.sleep(_PAUSES[idle - 1])
        os.fsync(out.fileno())


def _append(url: str, headers: dict[str, str], out: FileIO, total: int, advance: Advance) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff  # type: ignore[attr-defined]

    start = out.tell()
    with http_stream_backoff(
        "GET",
        url,
        headers=headers | ({"Range": f"bytes={start}-"} if start else {}),
        timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
        retry_on_exceptions=(),
        retry_on_status_codes=429,  # waits as long as the hub asks for
    ) as response:
        hf_raise_for_status(response)
        if start and response.status_code != 206:  # the server starts over, so must we
            out.truncate(0)
            out.seek(0)
            advance(-start)
        for chunk in response.iter_raw():
            rest = memoryview(chunk)
            while rest:
                rest = rest[out.write(rest) :]
            advance(len(chunk))
            if out.tell() > total:
                return


@contextmanager
def explained(file: HubFile) -> Iterator[None]:
    """Turn what goes wrong between the hub and the disk into one sentence."""
    from huggingface_hub import errors

    try:
        yield
    except errors.HFValidationError:
        raise UserError(f"{file.repo!r} cannot be the name of a repository on the hub.") from None
    except errors.OfflineModeIsEnabled:
        raise UserError("HF_HUB_OFFLINE forbids going to the hub; unset it to download a model.") from None
    except errors.HfHubHTTPError as error:
        raise UserError(_refusal(file, error)) from None
    except errors.HTTPError as error:  # type: ignore[attr-defined]
        reason = str(error) or type(error).__name__
        raise UserError(
            f"The hub cannot be reached at {file.page} ({reason}); check the network and the proxy, and run "
            "the same command again: it goes on where it stopped."
        ) from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        happened = "The disk is full" if full else "The model cannot be written"
        raise UserError(
            f"{happened} ({error.strerror}); make room or set LOCALTOPICS_HOME to another folder, and run "
            "the same command again: it goes on where it stopped."
        ) from None


def not_the_hub(file: HubFile) -> str:
    """What to say where something else than the hub answered."""
    return f"{file.page} is not answered as the hub answers; check HF_ENDPOINT and the proxy."


def _refusal(file: HubFile, error: HfHubHTTPError) -> str:
    """What an error that the hub answers means to the person who asked."""
    from huggingface_hub import errors, get_token

    login = "log in with `hf auth login` or set HF_TOKEN"
    status = error.response.status_code
    if isinstance(error, errors.GatedRepoError):
        if get_token() is None:
            return f"{file.repo} is gated: accept its licence at {file.page}, {login}, and pull again."
        return (
            f"{file.repo} is gated and your token has no access to it: accept its licence at {file.page} "
            "with the account of that token, and pull again."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"The hub has no repository {file.repo} open to you; check its name, or {login} if it is private."
        )
    if isinstance(error, errors.RemoteEntryNotFoundError | errors.RevisionNotFoundError):
        return (
            f"The hub has no file {file.path} in {file.repo}; {file.page}/tree/main shows those that it has."
        )
    if status == 401:
        return f"The hub does not accept your token; {login}."
    if status == 403:
        return f"The hub does not let you have {file.repo}; see {file.page}, and {login}."
    return (
        f"The hub answers with error {status}; run the same command again later: it goes on where it stopped."
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
