"""Settings that check themselves: a field says once what it means, what it may be and what it is by default.

A wrong value is refused where settings are made, with the same sentence from Python and from a file; the
command line makes its options of the same fields.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from localtopics.errors import UserError


@dataclass(frozen=True)
class Rule:
    """What a field may be, beyond its type."""

    meaning: str = ""
    """What the field is, in few words, for help texts and error messages."""
    low: int | None = None
    """The lowest number that the field may be; None where there is no lowest."""
    high: int | None = None
    """The highest number that the field may be; None where there is no highest."""
    form: re.Pattern[str] | None = None
    """The pattern that a text must match as a whole; None where every text will do."""
    example: str = ""
    """What texts of that form look like, for error messages; "" where they are just text."""
    usual: str = ""
    """What the field is where nobody sets it, for help texts; "" where there is no word for it."""

    def allows_number(self, value: float) -> bool:
        """Whether a number is in the range, and finite."""
        return self.nearest(value) == value and abs(value) < math.inf

    def nearest(self, value: float) -> float:
        """The number in the range that is nearest."""
        least = value if self.low is None else max(value, self.low)
        return least if self.high is None else min(least, self.high)

    def allows_text(self, value: str) -> bool:
        """Whether a text has the form."""
        return self.form is None or self.form.fullmatch(value) is not None


_SOMETHING = re.compile(r"(?s).*\S.*")


def setting(
    default: Any,
    meaning: str,
    *,
    low: int | None = None,
    high: int | None = None,
    form: re.Pattern[str] = _SOMETHING,
    example: str = "",
    unset: object = "",
) -> Any:
    """A dataclass field with a `Rule`.

    Args:
        default: what the field is where nobody sets it.
        meaning: what the field is, in few words.
        low, high: the range of a number, both ends included.
        form: the pattern that a text must match as a whole; without one, any text but an empty one.
        example: what texts of that form look like.
        unset: what a default of None or False stands for, for help texts.
    """
    usual = unset if default is None or default is False else default
    rule = Rule(meaning, low, high, form, example, str(usual))
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True)
class Checked:
    """A dataclass that refuses a field's value of the wrong type, or one that the field's rule forbids.

    Raises:
        UserError: a value is refused; the sentence says what the field takes.
    """

    def __post_init__(self) -> None:
        check(type(self), vars(self), type(self).__name__)


def check(kind: type[Checked], values: Mapping[str, Any], origin: str, place: str = "") -> None:
    """Raise `UserError` for the first of ``values`` that a field of ``kind`` does not take.

    Args:
        kind: the settings that the values are for.
        values: field to value; all must be fields of ``kind``.
        origin: who sets them, for the sentence.
        place: where in ``origin`` they stand, likewise.
    """
    types = types_of(kind)
    for name, value in values.items():
        alternatives = types[name]
        rule = rule_of(kind, name)
        if not any(_fits(value, declared, rule) for declared in alternatives):
            meaning = f" ({rule.meaning})" if rule.meaning else ""
            takes = " or ".join(filter(None, (_named(declared, rule) for declared in alternatives)))
            raise UserError(f"{origin} sets {name!r}{place} to {value!r}; it takes {takes}{meaning}.")


def rule_of(kind: type[Checked], name: str) -> Rule:
    """The rule of one field."""
    metadata = next(one.metadata for one in fields(kind) if one.name == name)
    rule: Rule = metadata.get("rule", Rule())
    return rule


def types_of(kind: type[Checked]) -> dict[str, tuple[Any, ...]]:
    """Each field's types: those of a union one by one, literals and None among them."""
    hints = get_type_hints(kind)
    return {
        name: get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        for name, hint in hints.items()
    }


def _fits(value: Any, declared: Any, rule: Rule) -> bool:
    if get_origin(declared) is Literal:
        return isinstance(value, str) and value in get_args(declared)
    if isinstance(value, bool):
        return declared is bool
    if declared in (int, float):
        return isinstance(value, (int, declared)) and rule.allows_number(value)
    return isinstance(value, declared) and (declared is not str or rule.allows_text(value))


def _named(declared: Any, rule: Rule) -> str:
    if get_origin(declared) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(declared))
    if declared in (int, float):
        number = "a whole number" if declared is int else "a number"
        if rule.low is None:
            return number
        return f"{number} " + (
            f"of at least {rule.low}" if rule.high is None else f"from {rule.low} to {rule.high}"
        )
    names = {bool: "true or false", str: rule.example or "text", NoneType: ""}
    return names.get(declared, getattr(declared, "__name__", ""))
