"""Whether the segments that a manifest names are there, as it names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from jsobj.store.swift.containers import entries
from jsobj.store.swift.requests import SwiftRequests
from jsobj.store.swift.segments import Segment

_FEW = 2  # segments that are looked up one by one


def doubtful(api: SwiftRequests, wanted: Iterable[Segment]) -> Iterator[Segment]:
    """Those that no listing shows as they are named: each must be looked at by itself. ``api``: to their account."""
    in_order = sorted(wanted, key=lambda each: each.container)
    for container, members in groupby(in_order, key=lambda each: each.container):
        named = {each.key: each for each in members}
        yield from (named if len(named) <= _FEW else _not_as_listed(api.of(container), named)).values()


def is_there(api: SwiftRequests, segment: Segment) -> bool:
    """Whether a segment is what its manifest says."""
    info = api.of(segment.container).head_or_none(segment.key)
    return info is not None and info.etag == segment.md5


def _not_as_listed(api: SwiftRequests, named: dict[str, Segment]) -> dict[str, Segment]:
    """Those that a listing does not show as they are named; where much else lies among them, the rest too."""
    left = dict(named)
    last = max(name.encode() for name in named)
    for entry in islice(entries(api, _in_common(named)), 4 * len(named) + 1000):
        segment = left.get(entry.key)
        if segment is not None and (entry.size, entry.etag) == (segment.size, segment.md5):
            del left[entry.key]
        if not left or entry.key.encode("utf-8", "surrogateescape") > last:
            break
    return left


def _in_common(names: Iterable[str]) -> str:
    """What all names begin with."""
    first, *_, last = sorted(names)
    return first[: next((n for n, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), len(first))]
