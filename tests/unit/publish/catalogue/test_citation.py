"""How data are cited: from attributes, from a CITATION.cff, and from damaged ones."""

from __future__ import annotations

import pytest

from jsobj.publish.catalogue.citation import Author, as_text, bare_doi, bibtex, citation_of
from jsobj.publish.dataset import Dataset, Dimension, Variable

CFF = b"""
cff-version: 1.2.0
message: cite it
title: "Sea & salt: 100% {data}"
abstract: About the sea.
authors:
  - family-names: Beethoven
    name-particle: van
    given-names: Ludwig
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: University of Bonn
  - name: The Sea Team
doi: 10.5281/zenodo.1234567
license: CC-BY-4.0
keywords: [sea, salt]
version: 1.10
date-released: 2024-05-06
"""


def dataset(**attributes: str) -> Dataset:
    return Dataset(
        "Zarr 3",
        dimensions=(Dimension("time", 12),),
        variables=(Variable("t", ("time",), (12,), attributes=(("long_name", "warmth"),)),),
        attributes=tuple(attributes.items()),
    )


def test_a_citation_file() -> None:
    found = citation_of("folder", (dataset(title="ignored", license="ignored"),), "", CFF)
    assert found.title == "Sea & salt: 100% {data}"
    assert found.authors == (
        Author("Ludwig van Beethoven", "van Beethoven", "Ludwig", "0000-0002-1825-0097", "University of Bonn"),
        Author("The Sea Team"),
    )
    assert (found.doi, found.year, found.keywords) == ("10.5281/zenodo.1234567", "2024", ("sea", "salt"))
    assert found.licence == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert found.citable


def test_attributes() -> None:
    found = citation_of(
        "T",
        (
            dataset(
                summary="A summary that is long enough to be taken as it is, word by word.",
                creator_name="Ada Lovelace; Charles Babbage",
                institution="Analytical Society",
                license="Free, see https://example.org/licence.",
                keywords="engines, numbers",
                references="https://doi.org/10.1000/xyz123.",
                date_created="1843-09-05",
            ),
        ),
    )
    assert [author.sorted for author in found.authors] == ["Lovelace, Ada", "Babbage, Charles"]
    assert (found.doi, found.year, found.publisher) == ("10.1000/xyz123", "1843", "Analytical Society")
    assert found.licence == "https://example.org/licence"
    assert found.keywords == ("engines", "numbers")
    assert found.description.startswith("A summary that")


def test_a_description_is_long_enough_for_search_engines() -> None:
    found = citation_of("T", (dataset(),), "Short.")
    assert found.description == "Short. Zarr 3 dataset with warmth along time (12)."
    assert len(citation_of("T", (), "x" * 9000).description) == 5000


def test_nothing_is_known() -> None:
    found = citation_of("T")
    assert (found.authors, found.description, found.citable) == ((), "", False)


@pytest.mark.parametrize(
    "cff",
    [
        b"{", b"- a\n- b", b"5", b"\xff\xfe\x00", b"a: &a [*a]", b"authors: 5\ntitle: [1, {}]", b"x" * 300_000,
        b"title: {a: b}\nauthors: [5, null, {}]\nidentifiers: x\nkeywords: {a: b}\ndoi: []",
        b"!!python/object/apply:os.system [id]",
        b"[" * 100_000, b"date-released: 2024-99-99", b"title: !!binary aGk=",
    ],
)  # fmt: skip
def test_damaged_citation_files_are_as_none(cff: bytes) -> None:
    found = citation_of("T", (), "", cff)
    assert (found.authors, found.doi) == ((), "")
    assert found.title in {"T", "1"}


def test_as_text() -> None:
    found = citation_of("folder", (dataset(publisher_name="Bonn"),), "", CFF)
    assert as_text(found) == (
        "van Beethoven, Ludwig; The Sea Team (2024): Sea & salt: 100% {data}. Version 1.1. Bonn. [Dataset]. "
        "https://doi.org/10.5281/zenodo.1234567"
    )


def test_bibtex() -> None:
    assert bibtex(citation_of("folder", (), "", CFF)) == (
        "@misc{vanbeethoven2024sea,\n"
        "  author = {van Beethoven, Ludwig and {The Sea Team}},\n"
        "  title = {{Sea \\& salt: 100\\% \\{data\\}}},\n"
        "  year = {2024},\n"
        "  version = {1.1},\n"
        "  doi = {10.5281/zenodo.1234567},\n"
        "}\n"
    )


def test_bibtex_of_hostile_texts() -> None:
    text = bibtex(citation_of("}\n@evil{x, y = {z}}\n\\input{/etc/passwd}", (dataset(creator_name="}} a\\b\n@x{"),)))
    assert text.count("\n@") == 0
    assert "\\input" not in text
    assert "\\textbackslash{}input\\{" in text


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("doi:10.1000/182", "10.1000/182"),
        ("see (10.1000/182).", "10.1000/182"),
        ('10.1000/"><script>', ""),
        ("10.1/x", ""),
    ],
)
def test_dois(text: str, doi: str) -> None:
    assert bare_doi(text) == doi
