"""Listings of a bucket of Google's: pages of up to 1000 names, the next one fetched while one is used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jsobj.net.prefetch import prefetch
from jsobj.store.foreign.google.requests import LISTED, GoogleRequests
from jsobj.store.foreign.google.verdict import malformed
from jsobj.store.large_objects import stuck
from jsobj.store.values import Listed

# Where parts lie until their object is whole. A listing of data leaves it out.
PARTS = ".jsobj-parts/"
_FIELDS = f"items({LISTED}),prefixes,nextPageToken"


def listing(api: GoogleRequests, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
    """The names in a bucket in the order of their bytes; see :meth:`jsobj.store.objects.Store.list`."""
    fetch = partial(_page, api, prefix, delimiter, after)
    first = last = _bytes(after)
    items, token = fetch("")
    while True:
        # Prefetch once a second item is wanted: some callers want only to know whether there is one.
        more = None
        for item in items:
            name = _bytes(item.key)
            if name > last:
                last = name
                if prefix.startswith(PARTS) or not item.key.startswith(PARTS):
                    yield item
            elif not item.prefix and name != first:  # a listing begins with that name itself; folders may come twice
                raise stuck(f"gs://{api.bucket}", last.decode("utf-8", "replace"), item.key)
            if more is None and token:
                more = prefetch(partial(fetch, token))
        if not token:
            return
        before = token
        items, token = more.result() if more is not None else fetch(token)
        if token == before:
            raise stuck(f"gs://{api.bucket}", before, before)


def _page(api: GoogleRequests, prefix: str, delimiter: str, after: str, token: str) -> tuple[list[Listed], str]:
    """One page, and what names the next; "" for the last."""
    words = {"prefix": prefix, "delimiter": delimiter, "startOffset": after, "pageToken": token, "fields": _FIELDS}
    query = tuple((name, value) for name, value in words.items() if value)
    document = api.call("GET", api.path(), query=query)
    items, prefixes = document.get("items") or [], document.get("prefixes") or []
    token = document.get("nextPageToken") or ""
    if not (isinstance(items, list) and isinstance(prefixes, list) and isinstance(token, str)):
        raise malformed(api.bucket, "its listing is malformed")
    found = api.listed(items)
    if prefixes:
        found += [Listed(str(each), prefix=True) for each in prefixes]
        found.sort(key=lambda item: _bytes(item.key))
    return found, token


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
