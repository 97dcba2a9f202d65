"""Who made a dataset, what it is called and how it is cited: from its attributes and a CITATION.cff beside it.

Sources of names: Attribute Convention for Data Discovery 1.3 (attributes), Citation File Format 1.2.0, schema.org's
Dataset as search engines read it (Google Search Central, "Dataset structured data": ``name`` and a ``description`` of
50 to 5000 characters are required), DataCite ("Creator (Year): Title. Version. Publisher. Identifier").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jsobj.publish.dataset import Attributes, Dataset, first_of
from jsobj.units import iso_time

CFF = "CITATION.cff"
LARGEST = 256 * 1024  # bytes of a CITATION.cff
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_SPDX = re.compile(r"(?:CC|GPL|LGPL|AGPL|MIT|Apache|BSD|ODbL|ODC|PDDL|EUPL|MPL|ISC|etalab|OGL|NLOD)[\w.+-]*")
_MOST = 100  # authors, keywords
_LONGEST = 5000  # characters of a description, as search engines take it
_LEAST = 50
_BIBTEX = {ch: f"\\{ch}" for ch in "{}%&$#_"} | {"\\": "\\textbackslash{}", "~": "\\~{}", "^": "\\^{}"}


@dataclass(frozen=True, slots=True)
class Author:
    """A person with a ``family`` name, or an organisation with only a ``name``. ``orcid``: the bare number."""

    name: str
    family: str = ""
    given: str = ""
    orcid: str = ""
    affiliation: str = ""

    @property
    def person(self) -> bool:
        """Whether it is a person."""
        return bool(self.family or self.orcid)

    @property
    def sorted(self) -> str:
        """Family name first."""
        return f"{self.family}, {self.given}" if self.family and self.given else self.family or self.name


@dataclass(frozen=True, slots=True)
class Citation:
    """Texts are plain, "" where nothing is known. ``doi``: bare; ``date``: ISO 8601; ``licence``: a URL or a name."""

    title: str
    description: str = ""
    authors: tuple[Author, ...] = ()
    doi: str = ""
    licence: str = ""
    keywords: tuple[str, ...] = ()
    version: str = ""
    date: str = ""
    publisher: str = ""

    @property
    def year(self) -> str:
        """Of the date."""
        return self.date[:4] if re.match(r"\d{4}", self.date) else ""

    @property
    def citable(self) -> bool:
        """Whether there is enough for somebody to cite it."""
        return bool(self.title and (self.doi or (self.authors and self.year)))


def citation_of(
    title: str, datasets: Iterable[Dataset] = (), description: str = "", cff: bytes = b"", doi: str = ""
) -> Citation:
    """What is known. A CITATION.cff goes before attributes; ``description``: the first words of the README."""
    found = tuple(datasets)
    attributes: Attributes = tuple(pair for dataset in found for pair in dataset.attributes) if len(found) == 1 else ()
    given = _cff(cff)
    licence = (
        _text(given.get("license")) or _text(given.get("license-url")) or first_of(attributes, "license", "licence")
    )
    words = given.get("keywords")
    keywords = [_text(word) for word in words] if isinstance(words, list) else []
    keywords = keywords or re.split(r"[,;>]", first_of(attributes, "keywords"))
    date = _text(given.get("date-released")) or first_of(
        attributes, "date_issued", "date_modified", "date_created", "creation_date"
    )
    return Citation(
        _text(given.get("title")) or title,
        _described(found, description, _text(given.get("abstract")) or first_of(attributes, "summary", "description")),
        tuple(_authors(given.get("authors"))) or tuple(_creators(attributes)),
        bare_doi(doi)
        or _doi_of(given)
        or bare_doi(first_of(attributes, "doi", "identifier_product_doi", "id", "references")),
        _licence(licence),
        tuple(dict.fromkeys(word.strip() for word in keywords if word.strip()))[:_MOST],
        _text(given.get("version")) or first_of(attributes, "product_version", "dataset_version", "version"),
        date if iso_time(date) is not None or re.fullmatch(r"\d{4}(-\d\d)?", date) else "",
        first_of(attributes, "publisher_name", "publisher_institution", "institution"),
    )


def bare_doi(text: str) -> str:
    """The DOI in a text or a link, without what stands before it; "" for none."""
    match = _DOI.search(text)
    return match[0].rstrip(".,;)") if match else ""


def as_text(citation: Citation) -> str:
    """As a bibliography has it, in DataCite's order."""
    names = "; ".join(author.sorted for author in citation.authors[:10])
    if len(citation.authors) > 10:
        names += "; et al."
    year = f" ({citation.year})" if citation.year else ""
    start = f"{names}{year}: " if names else ""
    parts = [citation.title.rstrip("."), citation.version and f"Version {citation.version}", citation.publisher]
    end = f" https://doi.org/{citation.doi}" if citation.doi else ""
    return f"{start}{'. '.join(part for part in parts if part)}. [Dataset]{end and f'.{end}'}"


def bibtex(citation: Citation) -> str:
    """An entry for BibTeX, with a key made of the first author, the year and the first word of the title."""
    first = citation.authors[0] if citation.authors else Author("dataset")
    words = [first.family or first.name.split(" ")[0], citation.year, re.split(r"\W+", citation.title.strip())[0]]
    key = "".join(_ascii(word) for word in words).lower() or "dataset"
    authors = " and ".join(
        _bibtex(author.sorted) if author.person else f"{{{_bibtex(author.name)}}}" for author in citation.authors
    )
    fields = {
        "author": authors,
        "title": f"{{{_bibtex(citation.title)}}}",
        "year": citation.year,
        "version": _bibtex(citation.version),
        "publisher": _bibtex(citation.publisher),
        "doi": citation.doi.translate({ord(ch): None for ch in "{}\\"}),
    }
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items() if text)
    return f"@misc{{{key},\n{lines}}}\n"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain)


def _bibtex(text: str) -> str:
    return " ".join("".join(_BIBTEX.get(ch, ch) for ch in text).split())


# -- where it comes from


def _cff(data: bytes) -> dict[str, Any]:
    """A CITATION.cff as a mapping; empty where it is damaged or too large."""
    if not data or len(data) > LARGEST:
        return {}
    import yaml

    try:
        found = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    """A short text; numbers and dates as they are written, the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if value is None or isinstance(value, dict | list | tuple | set | bytes | bool):
        return ""
    return str(value).strip()[:_LONGEST]


def _authors(value: Any) -> Iterator[Author]:
    for each in value[:_MOST] if isinstance(value, list) else ():
        if not isinstance(each, dict):
            continue
        particle, family = _text(each.get("name-particle")), _text(each.get("family-names"))
        family, given = f"{particle} {family}".strip(), _text(each.get("given-names"))
        name = _text(each.get("name")) or f"{given} {family}".strip() or _text(each.get("alias"))
        orcid = _ORCID.search(_text(each.get("orcid")))
        if name:
            yield Author(name, family, given, orcid[0] if orcid else "", _text(each.get("affiliation")))


def _creators(attributes: Attributes) -> Iterator[Author]:
    """As ACDD and CF have them; names that are lists are divided by commas or semicolons."""
    kind = first_of(attributes, "creator_type").lower()
    names = first_of(attributes, "creator_name", "creator", "author", "authors")
    for name in re.split(r";|,(?=\s*\S+\s+\S)", names)[:_MOST]:
        if plain := re.sub(r"<[^>]*>|\([^)]*\)", "", name).strip():
            words = plain.split(" ")
            person = kind in {"person", ""} and 2 <= len(words) <= 4
            yield Author(plain, words[-1], " ".join(words[:-1])) if person else Author(plain)
    if not names and (institution := first_of(attributes, "creator_institution", "institution")):
        yield Author(institution)


def _doi_of(given: dict[str, Any]) -> str:
    if found := bare_doi(_text(given.get("doi"))):
        return found
    others = given.get("identifiers")
    for each in others if isinstance(others, list) else ():
        if isinstance(each, dict) and each.get("type") == "doi":
            return bare_doi(_text(each.get("value")))
    return ""


def _licence(text: str) -> str:
    """A URL where there is one in it, or it is a name of SPDX; else the text."""
    if link := re.search(r"https?://[^\s<>\"]+", text):
        return link[0].rstrip(".,;)")
    return f"https://spdx.org/licenses/{text}.html" if _SPDX.fullmatch(text) else text[:300]


def _described(datasets: Sequence[Dataset], readme: str, abstract: str) -> str:
    """The README's first words, else the summary; what is too short for search engines says what the data are too."""
    text = readme if len(readme) >= _LEAST else abstract or readme
    if len(text) < _LEAST and datasets:
        first = datasets[0]
        names = ", ".join(variable.attribute("long_name") or variable.name for variable in first.measured[:20])
        along = ", ".join(f"{each.name} ({each.size})" for each in first.dimensions[:8])
        more = f"{first.kind} dataset{f' with {names}' if names else ''}{f' along {along}' if along else ''}."
        text = f"{text.rstrip('.')}. {more}" if text else more
    return " ".join(text.split())[:_LONGEST]
