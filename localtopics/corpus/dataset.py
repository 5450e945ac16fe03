"""Reads datasets of the Hugging Face hub, or of a local folder in its manner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from localtopics.corpus.columns import ColumnRequest, Columns
from localtopics.corpus.records import wanted
from localtopics.errors import UserError
from localtopics.text import one_line
from localtopics.timeout import within

_HUB_SECONDS = 10.0  # what a hub that does not answer may cost


def read_dataset(request: ColumnRequest) -> Columns:
    """Read a dataset that the `datasets` library opens.

    Args:
        request: the columns to read. Their source is ``hf:OWNER/NAME`` or ``hf:OWNER/NAME:CONFIG`` on
            the hub, or ``hf:LOCAL/PATH``; of several splits one must be named, as "train" or "train+test".

    Raises:
        UserError: there is no such dataset, the hub does not answer in time and it is not here, no split was
            chosen of several, or a column is missing.
    """
    import datasets

    source, split = request.source, request.reading.split
    name, config = source.removeprefix("hf:"), None
    if ":" in name and not Path(name).exists():
        name, config = name.rsplit(":", 1)
    saved = any((Path(name) / file).is_file() for file in ("state.json", "dataset_dict.json"))
    reachable = Path(name).exists() or _on_hub(name)
    try:
        with nullcontext() if reachable else _offline():
            loaded = (
                datasets.load_from_disk(name) if saved else datasets.load_dataset(name, config, split=split)
            )
    except Exception as error:  # each builder, file system and server raises its own
        reason = one_line(str(error))[:300] if reachable else "it is not here, and the hub does not answer."
        raise UserError(f"The dataset {source} cannot be read: {reason}") from None
    if isinstance(loaded, datasets.DatasetDict):
        only = next(iter(loaded)) if len(loaded) == 1 else None
        if (split or only) not in loaded:
            raise UserError(
                f"Choose which split of {source} to read: {', '.join(loaded)}.", arguments=["split"]
            )
        loaded = loaded[split or only]
    names = wanted(request, loaded.features.arrow_schema)
    return {role: loaded.with_format(None)[column][:] for role, column in names.items()}


def _on_hub(name: str) -> bool:
    """Whether the hub answers when it is asked for a dataset, be it with a refusal."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        within(_HUB_SECONDS, lambda: HfApi().dataset_info(name, timeout=_HUB_SECONDS))
    except (HfHubHTTPError, HFValidationError):
        return True
    except Exception:  # no network, no answer in time, a proxy's error page
        return False
    return True


@contextmanager
def _offline() -> Iterator[None]:
    """Datasets come from this machine's cache: the client would ask an absent hub for half a minute first."""
    import datasets
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before
