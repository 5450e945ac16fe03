"""What can be asked of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localtopics.checked import Checked, setting

Titles = Literal["fitting", "all"]


@dataclass(frozen=True)
class PageSettings(Checked):
    """How the page is made; no topic and no name depends on it."""

    titles: Titles | None = setting(  # noqa: RUF009
        None, "titles that map.html holds: as many as keep it below 60 MB, or all", unset="fitting"
    )
    """None: as was asked last."""
