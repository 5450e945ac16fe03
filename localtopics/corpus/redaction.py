"""Takes e-mail addresses, phone numbers, IBANs and card numbers out of documents, before anything is kept.

Names of people are not found: what does that well is a language model of hundreds of megabytes, and what is
light misses too many to be relied on.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from localtopics.corpus.corpus import Corpus
from localtopics.corpus.settings import private_kinds
from localtopics.errors import UserError
from localtopics.progress import Progress, silent

log = logging.getLogger(__name__)

_AT_ONCE = 256
"""Documents of which progress is told together."""

_Span = tuple[int, int]

_EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:[@＠]|\s?[(\[](?:at|AT)[)\]]\s?)"
    r"(?:[\w-]{1,63}(?:\.|\s?[(\[](?:dot|DOT)[)\]]\s?)){1,8}(?:xn--[\w-]{1,59}|[^\W\d_]{2,24})"
)
_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?=[ \u00a0\u202f-]?[A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w.])(?<!\d[-/ ])\d(?:[ \u00a0-]?\d){13,18}(?![\w/]|[.,-]\d)")
_GROUPS = re.compile(r"\d{14,19}|\d{4}\D\d{4}\D\d{4}\D\d{4}(?:\D\d{3})?|\d{4}\D\d{6}\D\d{4,5}")
"""How cards show their digits."""
_ISSUERS = (
    (re.compile("4"), (16, 19)),  # Visa
    (re.compile("5[1-5]|2[2-7]"), (16,)),  # Mastercard
    (re.compile("3[47]"), (15,)),  # American Express
    (re.compile("3[068]"), (14,)),  # Diners Club
    (re.compile("35|6"), (16, 17, 18, 19)),  # JCB, Discover, UnionPay, Maestro
)
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""ISO 13616, as SWIFT's registry of IBANs has it."""
_FEWEST_DIGITS = 9
"""Of a phone number that is written without its country's code; years, page numbers and such have fewer."""
_NOT_A_PHONE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b|\d+(?:\.\d+)?$|.*\(\s?(?:19|20)\d\d\)")
"""A date, a decimal number, a number in one piece, a cited volume with its year and pages: no phone number
where no country's code says so."""


@dataclass(frozen=True)
class Redaction:
    """What is taken out of texts, and how.

    Raises:
        UserError: phone numbers are asked for, and the package that knows them is not installed, or a
            country is none.
    """

    kinds: tuple[str, ...]
    """As `private_kinds` gives them."""

    def __post_init__(self) -> None:
        regions = self._regions
        if regions is not None and (strange := set(regions) - _countries()):
            raise UserError(
                f"{', '.join(sorted(strange))} is no country with phone numbers: give two letters as of ISO "
                "3166, such as DE.",
                arguments=["redact"],
            )

    @classmethod
    def of(cls, kinds: str | None) -> Self | None:
        """The redaction that a setting asks for, if any."""
        return None if kinds is None else cls(private_kinds(kinds))

    @property
    def _regions(self) -> tuple[str, ...] | None:
        """Countries whose phone numbers have no code; None where no phone numbers are asked for."""
        phones = [kind for kind in self.kinds if kind.startswith("phone")]
        return tuple(kind.partition(":")[2] for kind in phones if ":" in kind) if phones else None

    def text(self, text: str, counts: Counter[str]) -> str:
        """The text with each finding replaced by its kind in brackets; ``counts`` are raised.

        What comes out is the same when it is redacted again.
        """
        for kind in dict.fromkeys(kind.partition(":")[0] for kind in self.kinds):
            for start, end in reversed(list(self._found(kind, text))):
                text = f"{text[:start]}[{kind}]{text[end:]}"
                counts[kind] += 1
        return text

    def _found(self, kind: str, text: str) -> Iterator[_Span]:
        if kind == "phone":
            return _phones(text, self._regions or ())
        return _FINDERS[kind](text)

    def corpus(self, corpus: Corpus, progress: Progress = silent) -> Corpus:
        """The same documents with what is private taken out of all that is known of them.

        Where an id holds something, documents are numbered by their rows instead, since ids must differ. A
        document of which nothing else was there stays as the name of what it was.
        """
        counts: Counter[str] = Counter({kind.partition(":")[0]: 0 for kind in self.kinds})

        def each(texts: Iterable[str]) -> list[str]:
            return [self.text(text, counts) for text in texts]

        documents = []
        with progress("Taking out private data", len(corpus)) as advance:
            for start in range(0, len(corpus), _AT_ONCE):
                part = corpus.documents[start : start + _AT_ONCE]
                documents += each(part)
                advance(len(part))
        ids = each(corpus.ids)
        if ids != corpus.ids:
            ids = [str(row) for row in corpus.rows or range(len(corpus))]
            log.info("Ids that hold private data give way to the numbers of the rows")
        return replace(
            corpus,
            documents=documents,
            ids=ids,
            titles=None if corpus.titles is None else each(corpus.titles),
            times=None if corpus.times is None else each(corpus.times),
            groups=None if corpus.groups is None else each(corpus.groups),
            columns={
                self.text(name, counts): self._column(column, counts)
                for name, column in corpus.columns.items()
            },
            redacted=dict(counts),
        )

    def _column(self, column: pd.Series, counts: Counter[str]) -> pd.Series:
        """Texts redacted; whole numbers too, which may be those of cards, as texts where some are."""
        if column.dtype == "string":
            return column.map(lambda value: self.text(value, counts), na_action="ignore").astype("string")
        if column.dtype == "Int64":
            before = column.astype("string")
            after = before.map(lambda value: self.text(value, counts), na_action="ignore").astype("string")
            return column if after.equals(before) else after
        return column


def _emails(text: str) -> Iterator[_Span]:
    if "@" in text or "＠" in text or "at)" in text.lower() or "at]" in text.lower():
        yield from (match.span() for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[_Span]:
    """Country, checksum and as many letters and digits as that country's have, single spaces between them."""
    last = 0
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2].upper())
        if length is None or match.start() < last:
            continue
        rest = rf"[A-Za-z0-9](?:[ \u00a0\u202f-]?[A-Za-z0-9]){{{length - 1}}}(?![^\W_])"
        whole = re.compile(rest).match(text, match.start())
        if whole is not None and _is_iban("".join(filter(str.isalnum, whole[0])).upper()):
            last = whole.end()
            yield whole.span()


def _is_iban(iban: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _cards(text: str) -> Iterator[_Span]:
    """Numbers of an issuer's beginning and length, grouped as on a card if at all, of Luhn's checksum."""
    for match in _CARD.finditer(text):
        digits = "".join(filter(str.isdecimal, match[0]))
        issued = any(start.match(digits) and len(digits) in lengths for start, lengths in _ISSUERS)
        if issued and digits.isascii() and _GROUPS.fullmatch(match[0]) and _is_luhn(digits):
            yield match.span()


def _is_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


_FINDERS: dict[str, Callable[[str], Iterator[_Span]]] = {"email": _emails, "iban": _ibans, "card": _cards}


def _countries() -> set[str]:
    try:
        import phonenumbers
    except ImportError:
        raise UserError(
            "Phone numbers are found by the package phonenumberslite, which is not installed: "
            "`pip install 'localtopics[redact]'`, or leave phone away.",
            arguments=["redact"],
        ) from None
    return set(phonenumbers.SUPPORTED_REGIONS)


def _phones(text: str, regions: Iterable[str]) -> Iterator[_Span]:
    """Valid numbers that begin with a country's code, and those of the regions without one.

    Google's libphonenumber knows which numbers there are.
    """
    import phonenumbers

    found: list[_Span] = []
    for region in regions or (None,):
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            if region is not None and not match.raw_string.startswith(("+", "＋")):
                raw = match.raw_string
                written = sum(map(str.isdecimal, raw)) >= _FEWEST_DIGITS and not _NOT_A_PHONE.match(raw)
                around = text[max(0, match.start - 1) : match.start] + text[match.end : match.end + 1]
                if not written or re.search(r"[\w/.-]", around.removesuffix(".")):
                    continue
            if all(match.end <= start or match.start >= end for start, end in found):
                found.append((match.start, match.end))
    yield from sorted(found)
