"""A page for machines: schema.org's Dataset in JSON-LD, by which dataset search engines find it.

Follows Google Search Central's "Dataset structured data" and schema.org's definitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsobj.publish.catalogue.citation import Author, Citation
from jsobj.publish.dataset import Dataset, Extent, Variable
from jsobj.units import human_bytes

_MOST = 100  # files and variables that are named
MEDIA = {
    "Zarr 2": "application/vnd.zarr; version=2",
    "Zarr 3": "application/vnd.zarr; version=3",
    "NetCDF 4": "application/x-netcdf4",
    "HDF5": "application/x-hdf5",
}
_NETCDF3 = "application/x-netcdf"


@dataclass(frozen=True, slots=True)
class Download:
    """What can be fetched. ``url``: absolute; ``size`` in bytes; ``sha256``: hexadecimal, "" where not known."""

    url: str
    size: int
    media: str = ""
    sha256: str = ""
    name: str = ""


def media_of(kind: str) -> str:
    """The media type of a kind of dataset."""
    return MEDIA.get(kind, _NETCDF3 if kind.startswith("NetCDF") else "application/octet-stream")


def json_ld(
    citation: Citation, url: str, datasets: Iterable[Dataset], downloads: Iterable[Download], modified: str = ""
) -> dict[str, Any]:
    """The document. ``url``: of the page; ``modified``: ISO 8601, of the latest object."""
    found = tuple(datasets)
    document: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": citation.title,
        "description": citation.description,
        "url": url,
        "isAccessibleForFree": True,
    }
    if citation.doi:
        document["identifier"] = document["@id"] = f"https://doi.org/{citation.doi}"
    if citation.authors:
        document["creator"] = [_creator(author) for author in citation.authors]
    if citation.licence:
        web = citation.licence.startswith(("http://", "https://"))
        document["license"] = citation.licence if web else {"@type": "CreativeWork", "name": citation.licence}
    if citation.publisher:
        document["publisher"] = {"@type": "Organization", "name": citation.publisher}
    for name, value in (
        ("keywords", list(citation.keywords)),
        ("version", citation.version),
        ("datePublished", citation.date),
        ("dateModified", modified),
        ("variableMeasured", [_measured(each) for dataset in found for each in dataset.measured][:_MOST]),
        ("distribution", [_download(each) for each in islice(downloads, _MOST)]),
        *_coverage([dataset.extent for dataset in found]),
    ):
        if value:
            document[name] = value
    return document


def _creator(author: Author) -> Mapping[str, Any]:
    if not author.person:
        return {"@type": "Organization", "name": author.name}
    person: dict[str, Any] = {"@type": "Person", "name": author.name}
    if author.family and author.given:
        person |= {"givenName": author.given, "familyName": author.family}
    if author.orcid:
        person["sameAs"] = f"https://orcid.org/{author.orcid}"
    if author.affiliation:
        person["affiliation"] = {"@type": "Organization", "name": author.affiliation}
    return person


def _measured(variable: Variable) -> Mapping[str, str]:
    fields = {
        "@type": "PropertyValue",
        "name": variable.name,
        "description": variable.attribute("long_name", "standard_name"),
        "unitText": variable.attribute("units"),
    }
    return {name: text for name, text in fields.items() if text}


def _download(each: Download) -> Mapping[str, Any]:
    fields = {
        "@type": "DataDownload",
        "name": each.name,
        "contentUrl": each.url,
        "encodingFormat": each.media,
        "contentSize": human_bytes(each.size),
        "sha256": each.sha256,
    }
    return {name: text for name, text in fields.items() if text}


def _coverage(extents: list[Extent]) -> Iterator[tuple[str, Any]]:
    """Of all datasets together; a place only where it is one's alone."""
    known = [extent for extent in extents if extent.start]
    if known:
        first, last = min(each.start for each in known), max(each.end for each in known)
        yield "temporalCoverage", first if first == last else f"{first}/{last}"
    boxes = {extent.box for extent in extents if extent.box is not None}
    if len(boxes) == 1:
        west, south, east, north = boxes.pop()
        # A box is written as two points, each latitude before longitude.
        shape = {"@type": "GeoShape", "box": f"{south:g} {west:g} {north:g} {east:g}"}
        yield "spatialCoverage", {"@type": "Place", "geo": shape}
