"""What a page is to be like: what was asked for, and what was asked for the last time."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from jsobj.net.body import BytesSink, BytesSource
from jsobj.publish.manifest import MADE
from jsobj.publish.tree import SETTINGS
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions

_FORM = "jsobj.publish-settings/1"
_LARGEST = 65536  # bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """``title``: "" for the dataset's or the folder's name. ``readme``: the text to put beside the data, None for none.

    ``depth``: of folders that get a page, None for all of them. ``manifest``: whether a list of digests is made, None
    as the last time. ``force``: replace what somebody else made.
    """

    title: str = ""
    readme: bytes | None = None
    depth: int | None = None
    manifest: bool | None = None
    force: bool = False

    def over(self, before: Wish) -> Wish:
        """With what was asked before, where nothing is asked now."""
        return replace(
            self,
            title=self.title or before.title,
            depth=before.depth if self.depth is None else self.depth,
            manifest=before.manifest if self.manifest is None else self.manifest,
        )


def read_wish(store: Store, prefix: str) -> Wish:
    """What was asked for the last time, as far as it is kept."""
    info = head_or_none(store, prefix + SETTINGS)
    if info is None or not 0 < info.size <= _LARGEST:
        return Wish()
    sink = BytesSink()
    store.get(prefix + SETTINGS, sink, etag=info.etag)
    try:
        kept: Any = json.loads(bytes(sink.data))
    except ValueError:
        return Wish()
    if not isinstance(kept, dict) or kept.get("form") != _FORM:
        return Wish()
    title, depth, manifest = kept.get("title"), kept.get("depth"), kept.get("manifest")
    return Wish(
        title if isinstance(title, str) else "",
        depth=depth if isinstance(depth, int) else None,
        manifest=manifest if isinstance(manifest, bool) else None,
    )


def keep_wish(store: Store, prefix: str, wish: Wish) -> None:
    """Keep what was asked for the next time, where it is not kept yet.

    It is also what tells a folder that was published on its own, whatever was asked, from one of a page above it.
    """
    kept = json.dumps({"form": _FORM, "title": wish.title, "depth": wish.depth, "manifest": wish.manifest}).encode()
    info = head_or_none(store, prefix + SETTINGS)
    if info is not None and info.size == len(kept):
        sink = BytesSink()
        store.get(prefix + SETTINGS, sink, etag=info.etag)
        if bytes(sink.data) == kept:
            return
    store.put(prefix + SETTINGS, BytesSource(kept), PutOptions("application/json", metadata={MADE: "settings"}))
