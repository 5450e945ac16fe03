"""What can be asked of topics over time and by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localtopics.checked import Checked, setting

Unit = Literal["auto", "decade", "year", "quarter", "month", "week", "day"]


@dataclass(frozen=True)
class TrendSettings(Checked):
    """How topics are followed over time and compared between groups."""

    bins: Unit = setting(  # noqa: RUF009
        "auto", "how long a bin of time is"
    )
    time: str | None = setting(
        None, "column of documents.parquet that holds the times", unset="the column given to run"
    )
    group: str | None = setting(
        None, "column of documents.parquet that holds the groups", unset="the column given to run"
    )
