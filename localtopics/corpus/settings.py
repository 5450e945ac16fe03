"""How a source is read, beyond which of its columns hold what."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal

from localtopics.checked import Checked, setting
from localtopics.errors import UserError

_ALONE = {
    "split": "splits, which only datasets (hf:OWNER/NAME) have",
    "encoding": "encoding to name, which only files of text have",
    "delimiter": "delimiter, which only .csv and .tsv files have",
    "on_bad_row": "rows of fields, which only .csv and .tsv files have",
}
"""What sources lack for which a field says nothing."""

CLEANINGS = ("html", "email", "quotes", "latex", "urls", "boilerplate")
"""What can be taken out of texts, in the order in which it is done."""
_DELIMITER = re.compile(r"[^\w\s\"']|[\t _]|\\t|tab")


@dataclass(frozen=True)
class Reading(Checked):
    """How a source is read; a field that is not set is what the source itself says or shows."""

    split: str | None = setting(None, "split of a Hub dataset, such as train")
    encoding: str | None = setting(
        None, "encoding of a file of text, such as windows-1252", unset="what its bytes plainly are in"
    )
    delimiter: str | None = setting(
        None,
        'what separates the fields of a .csv or .tsv file: one sign, or "tab"',
        form=_DELIMITER,
        example='one sign such as ";", or "tab"',
        unset="what plainly does",
    )
    on_bad_row: Literal["error", "skip"] = setting(
        "error", "what is done where a row of a .csv or .tsv file has more or fewer fields than its header"
    )

    def require(self, source: str, *known: str) -> None:
        """Raise `UserError` where a field is set that says nothing of such a source.

        Args:
            source: what is read.
            known: the fields that say something of it.
        """
        for field in fields(Reading):
            if field.name not in known and getattr(self, field.name) != field.default:
                raise UserError(f"{source} has no {_ALONE[field.name]}.", arguments=[field.name])
