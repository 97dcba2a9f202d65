"""All that is said of the data of one page, from what was found: for people, for search engines, for catalogues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from mimetypes import guess_type

from jsobj.publish.catalogue.citation import Citation, citation_of
from jsobj.publish.catalogue.stac import item
from jsobj.publish.catalogue.structured import Download, json_ld, media_of
from jsobj.publish.dataset import Dataset
from jsobj.publish.dataset_markup import cited, section
from jsobj.publish.entries import PAGE
from jsobj.publish.lines import Published
from jsobj.publish.readme import first_paragraph, rendered
from jsobj.publish.tree import ZARR, Folder
from jsobj.units import utc_time


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a folder. ``readme``: its description, and the name that tells its form; ``cff``: CITATION.cff."""

    datasets: tuple[Dataset, ...] = ()
    readme: bytes = b""
    readme_name: str = "README.md"
    cff: bytes = b""


@dataclass(frozen=True, slots=True)
class About:
    """``readme``, ``dataset``: HTML that is safe; ``json_ld``: "" where there is too little to say; ``item``: a STAC
    item, b"" where the data have no place or time.
    """

    title: str
    readme: str = ""
    dataset: str = ""
    json_ld: str = ""
    item: bytes = b""


def about(folder: Folder, found: Found, name: str, place: Published | None, *, title: str = "") -> About:
    """What a page says. ``name``: of the folder; ``title``: that somebody chose; ``place``: None for not known."""
    alone = found.datasets[0] if len(found.datasets) == 1 else None
    whole = alone if alone is not None and folder.kind == ZARR else None
    citation = citation_of(title or (whole.title if whole else "") or name, found.datasets, _words(found), found.cff)
    described = "" if place is None else _machine(folder, found, citation, place)
    made = None
    if alone is not None and place is not None:
        made = item(alone, f"{place.prefix}{folder.path}{alone.place}", citation, f"./{PAGE}")
    return About(
        title or citation.title,
        rendered(found.readme_name, found.readme),
        section(found.datasets) + cited(citation),
        described,
        b"" if made is None else (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"),
    )


def _words(found: Found) -> str:
    return first_paragraph(found.readme)


def _machine(folder: Folder, found: Found, citation: Citation, place: Published) -> str:
    """JSON-LD for the first page and for those of datasets; others are parts of the first."""
    if not (citation.description and (found.datasets or found.cff or not folder.path)):
        return ""
    times = [entry.modified for entry in folder.entries if entry.modified is not None]
    modified = utc_time(datetime.fromtimestamp(max(times), timezone.utc)) if times else ""
    url = place.url(f"{place.prefix}{folder.key}")
    document = json_ld(citation, url, found.datasets, _downloads(folder, found, place), modified)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _downloads(folder: Folder, found: Found, place: Published) -> Iterator[Download]:
    base = f"{place.prefix}{folder.path}"
    if folder.kind == ZARR:
        kind = found.datasets[0].kind if found.datasets else ""
        size = sum(entry.size for entry in folder.entries)
        yield Download(place.url(base), size, media_of(kind))
        return
    kinds = {dataset.place: media_of(dataset.kind) for dataset in found.datasets}
    for entry in sorted(folder.entries, key=lambda each: each.order):
        if not entry.folder and entry.href:
            media = kinds.get(entry.name) or guess_type(entry.name)[0] or "application/octet-stream"
            yield Download(place.url(base + entry.name), entry.size, media, entry.sha256, entry.name)
