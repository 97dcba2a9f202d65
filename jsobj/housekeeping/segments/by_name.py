"""Large objects of a server that gives no manifest out (Ceph RGW): their segments are known by the names they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, islice

from jsobj.housekeeping.segments.verdict import BROKEN, GONE, INTACT, SIZE, UNVERIFIED, Looked, Wrong, sentence
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.swift.containers import Entry, entries
from jsobj.store.swift.requests import READ, SwiftRequests
from jsobj.store.swift.segments import Segments, searched
from jsobj.store.values import ObjectInfo

NAMES = re.compile(r".*?(?:/slo)?/\d+\.\d+/(?P<size>\d+)/(?P<part>\d+)/?", re.DOTALL)  # python-swiftclient's
_OURS = re.compile(r".*/jsobj/\d+-[0-9a-f]{8}/(?P<part>\d+)", re.DOTALL)
_ASKED = 3  # segments of which a byte is asked for
ANY = READ | {404, 409, 416, 500}  # what a server was seen to answer where a segment is not as it should be


def by_name(api: SwiftRequests, info: ObjectInfo, folders: set[tuple[str, str]]) -> Looked:
    """The verdict on a static large object whose manifest is not given out. ``folders`` takes where segments lie."""
    known = Segments(api)
    found = known.of(api.bucket, info)
    if found:
        for each in known.candidates(info) or ():
            folders.add((each.container, each.key.rpartition("/")[0]))
        return Looked(info.key, "static", info.size, INTACT, f"{len(found)} segments", len(found))
    best: Looked | None = None
    for container, folder, there in _groups(api, info):
        expected = _expected(folder, info.size)
        if not expected:
            continue
        wrong = tuple(_wrong(container, expected, there))
        names = {each.key for each in wrong[:_ASKED]}
        if any(_reads(api, info, offset) for offset, name in _offsets(expected) if name in names):
            continue  # the object has its bytes from elsewhere
        if not wrong and info.etag == EMPTY_MD5:
            continue  # it has no ETag that would tell
        by = sentence(wrong, len(expected)) if wrong else "the MD5s of its segments do not make its ETag"
        looked = Looked(info.key, "static", info.size, BROKEN, by, len(expected), wrong)
        if best is None or len(wrong) < len(best.wrong):
            best = looked
    if best is not None:
        return best
    if info.size and not (_reads(api, info, 0) and _reads(api, info, info.size - 1)):
        return Looked(info.key, "static", info.size, BROKEN, "its segments are gone; their names are not known")
    by = "this server does not tell where its segments are, and they are not where programs put them"
    return Looked(info.key, "static", info.size, UNVERIFIED, by)


def _groups(api: SwiftRequests, info: ObjectInfo) -> Iterator[tuple[str, str, dict[str, Entry]]]:
    seen: set[tuple[str, str]] = set()
    for container, prefix, most in searched(api.bucket, info.key):
        listed = islice(entries(api.of(container), prefix), most)
        for folder, members in groupby(listed, key=lambda entry: entry.key.rpartition("/")[0]):
            if (container, folder) not in seen:
                seen.add((container, folder))
                yield container, folder, {each.key: each for each in members}


def _wrong(container: str, expected: dict[str, int], there: dict[str, Entry]) -> Iterator[Wrong]:
    for name, size in expected.items():
        if name not in there:
            yield Wrong(container, name, GONE)
        elif there[name].size != size:
            yield Wrong(container, name, SIZE)


def _reads(api: SwiftRequests, info: ObjectInfo, offset: int) -> bool:
    """Whether the server gives out the byte at ``offset``."""
    headers = {"range": f"bytes={offset}-{offset}"}
    return api.send("GET", info.key, headers=headers, expect=ANY).status in READ


def _expected(folder: str, size: int) -> dict[str, int]:
    """The segments of an object of ``size`` bytes, with their sizes, by the name of their folder; {} if unknown."""
    if (found := _OURS.fullmatch(folder)) and int(found["part"]):
        return _sizes(folder, 1, size, int(found["part"]))
    if (found := NAMES.fullmatch(folder)) and int(found["size"]) == size and int(found["part"]):
        return _sizes(folder, 0, size, int(found["part"]))
    return {}


def _sizes(folder: str, first: int, size: int, part: int) -> dict[str, int]:
    names = numbered(folder, first, size, part)
    return {name: min(part, size - part * n) for n, name in enumerate(names)}


def numbered(folder: str, first: int, size: int, part: int) -> Iterator[str]:
    """The names of the segments of ``part`` bytes that ``size`` bytes need."""
    count = -(-size // part) if part else 0
    return (f"{folder}/{number:08d}" for number in range(first, first + count))


def _offsets(expected: dict[str, int]) -> Iterator[tuple[int, str]]:
    start = 0
    for name, size in expected.items():
        yield start, name
        start += size
