"""The lines that a page offers to copy: they read what is on it without a login, and without jsobj."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from jsobj.errors import JsobjError
from jsobj.export.snippets.kinds import ZARR_FILES, kind_of_name
from jsobj.export.snippets.registry import find_library
from jsobj.export.snippets.target import Target
from jsobj.publish.entries import PAGE, Entry, Way
from jsobj.publish.tree import ZARR, Folder
from jsobj.store.links.public_look import PublicContainer
from jsobj.transfer.local.digest_list import MANIFEST
from jsobj.urls import Origin

_READERS = {"zarr": ("xarray", "zarr"), "netcdf": ("xarray",), "csv": ("pandas",), "parquet": ("pandas",)}
_LISTERS = ("s3fs", "boto3", "obstore", "swiftclient")


@dataclass(frozen=True, slots=True)
class Published:
    """Where everybody reads. ``container`` is the way in; ``origin`` and ``region`` are of its S3 endpoint.

    ``listed``: whether names may be listed too. ``prefix``: what is published; ``manifest``: whether it has a list of
    digests.
    """

    container: PublicContainer
    origin: Origin
    region: str
    prefix: str
    listed: bool = True
    manifest: bool = False

    def url(self, key: str) -> str:
        """The URL of an object."""
        return f"{self.container.url}/{quote(key)}"


def ways(place: Published, folder: Folder) -> tuple[Way, ...]:
    """Lines for a folder: of libraries for the kind of data in it, of those that list, of curl and wget."""
    sample = _sample(folder)
    return tuple(_ways(place, folder, sample))


def _ways(place: Published, folder: Folder, sample: Entry | None) -> Iterator[Way]:
    key = f"{place.prefix}{folder.path}"
    if folder.kind == ZARR:
        yield from _coded(place, key.rstrip("/"), "zarr", _READERS["zarr"], single=False)
    elif sample is not None and (kind := kind_of_name(sample.name)) in _READERS:
        yield from _coded(place, key + sample.name, kind, _READERS[kind], single=True)
    if place.listed:
        yield from _coded(place, key, "", _LISTERS, single=False)
    if sample is not None:
        if not place.container.bucket:  # there is no S3 without a key
            yield from _coded(place, key + sample.name, "", ("obstore",), single=True)
        yield Way("curl", f"curl -fO {shlex.quote(place.url(key + sample.name))}\n")
    yield from _wget(place, folder)


def _coded(place: Published, key: str, kind: str, libraries: Sequence[str], *, single: bool) -> Iterator[Way]:
    target = Target(
        way="https",
        bucket=place.container.bucket,
        key=key,
        object=single,
        endpoint=place.origin if place.container.bucket else None,
        region=place.region,
        container_url=place.container.url,
        account=place.container.account,
    )
    for name in libraries:
        if name == "swiftclient" and place.container.bucket:
            continue  # S3's are known better, and do
        try:
            code = find_library(name).code(target, kind)
        except JsobjError:  # this server does not give it without a key
            continue
        yield Way(name, code.text, f"pip install {code.needs}")


def _sample(folder: Folder) -> Entry | None:
    """An object that shows what is there: one whose kind is known, else the first."""
    files = [entry for entry in sorted(folder.entries, key=lambda entry: entry.order) if not entry.folder]
    if folder.kind == ZARR:
        return next((entry for entry in files if entry.name in ZARR_FILES), None)
    known = (entry for entry in files if kind_of_name(entry.name) in _READERS and entry.href)
    return next(known, next((entry for entry in files if entry.href), None))


def _wget(place: Published, folder: Folder) -> Iterator[Way]:
    """All of it: along the links of the pages, or where a Zarr has none, along the list of digests."""
    key = f"{place.prefix}{folder.path}"
    cut = max(0, len([part for part in urlsplit(place.url(key)).path.split("/") if part]) - 1)
    if folder.kind != ZARR:
        # Without --no-iri it takes %2520 in a link for %20.
        words = f"wget -q -e robots=off --no-iri -r -np -nH --cut-dirs={cut}"
        yield Way("wget", f"{words} {shlex.quote(place.url(key + PAGE))}\n")
    elif place.manifest:
        base, start = shlex.quote(place.url(place.prefix)), folder.path
        only = f" | grep -F {shlex.quote(f'  {start}')}" if start else ""
        yield Way(
            "wget",
            f"wget -qO- {shlex.quote(place.url(place.prefix + MANIFEST))}{only} |\n"
            r"  sed -n 's#^[0-9a-f]\{64\}  #./#p' |"
            "\n"
            f"  wget -q -x -nH --cut-dirs={cut} -B {base} -i -\n",
        )
