"""Which columns of a table hold documents, titles, times and ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from localtopics.errors import UserError

USUAL_COLUMNS = {
    "documents": ("text", "abstract", "document", "body", "content"),
    "titles": ("title", "headline"),
}
"""Names by which a column is found that the user did not name, whatever their case; the first one wins."""

Columns = dict[str, Sequence[object]]
"""Field of a corpus ("documents", "titles", "times", "ids") to its values, all equally many."""

_LONGEST = 40  # characters of a name that are shown: what stands for a name may be a private document


@dataclass(frozen=True)
class ColumnRequest:
    """The columns that a reader is asked for, named or to be found."""

    source: str
    """What is read, for error messages."""
    named: Mapping[str, str | None]
    """Field of a corpus to the column that the user named, or None to find it by `USUAL_COLUMNS`."""

    def resolve(self, columns: Sequence[str], hint: str = "") -> dict[str, str]:
        """The columns to read, of those that a source has.

        Args:
            columns: the names of the source's columns.
            hint: what the error sentence adds where the names themselves may be the fault.

        Returns:
            Field of a corpus to the name of its column; fields without a column are left out.

        Raises:
            UserError: a column is missing, or its name occurs twice.
        """
        listed = ", ".join(map(short, columns[:30])) + (", …" if len(columns) > 30 else "") + hint
        folded = {column.strip().casefold(): column for column in reversed(columns)}
        names: dict[str, str] = {}
        for role, name in self.named.items():
            if name is not None:
                column = name if name in columns else folded.get(name.strip().casefold())
                if column is None:
                    raise UserError(f"{self.source} has no column {name!r}; its columns are {listed}.")
                names[role] = column
        for role, usual in USUAL_COLUMNS.items():
            found = (folded[name] for name in usual if name in folded and folded[name] not in names.values())
            if role not in names and (column := next(found, None)) is not None:
                names[role] = column
        if "documents" not in names:
            raise UserError(
                f"Name the column of {self.source} that holds the documents: {listed}.", arguments=["text"]
            )
        for column in names.values():
            if columns.count(column) > 1:
                raise UserError(
                    f"{self.source} has {columns.count(column)} columns called {short(column)}: rename one."
                )
        return names

    def resolves(self, columns: Sequence[str]) -> bool:
        """Whether a source with these columns has all that are asked for."""
        try:
            return bool(self.resolve(columns))
        except UserError:
            return False


def short(name: str) -> str:
    """A name in quotes, cut off where it is long."""
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
