"""How a source is read, beyond which of its columns hold what."""

from __future__ import annotations

from dataclasses import dataclass, fields

from localtopics.checked import Checked, setting
from localtopics.errors import UserError

_ALONE = {
    "split": "splits, which only datasets (hf:OWNER/NAME) have",
    "sheet": "sheets, which only workbooks (.xlsx, .xls, .ods) have",
    "table": "tables to choose from, which only databases and .json files have",
    "query": "queries, which only databases (SQLite, DuckDB) answer",
}
"""What sources lack for which a field says nothing."""


@dataclass(frozen=True)
class Reading(Checked):
    """How a source is read; a field that is not set is what the source itself says or shows."""

    split: str | None = setting(None, "split of a Hub dataset, such as train")
    sheet: str | None = setting(None, "sheet of a workbook, by its name or its number from 1")
    table: str | None = setting(None, "table of a database, or list of objects in a JSON file")
    query: str | None = setting(None, "SQL query whose rows are read from a database")

    def require(self, source: str, *known: str) -> None:
        """Raise `UserError` where a field is set that says nothing of such a source.

        Args:
            source: what is read.
            known: the fields that say something of it.
        """
        for field in fields(Reading):
            if field.name not in known and getattr(self, field.name) != field.default:
                raise UserError(f"{source} has no {_ALONE[field.name]}.", arguments=[field.name])
