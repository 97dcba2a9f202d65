"""Which objects below a catalogue's prefix are jsobj's own, and no data: rows are neither made nor missed for them."""

from __future__ import annotations

from jsobj.errors import JsobjError
from jsobj.publish.entries import WRITTEN
from jsobj.publish.manifest import MADE
from jsobj.publish.recognise import is_page
from jsobj.publish.site import README
from jsobj.publish.tree import OWN_FOLDER
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.transfer.local.digest_list import MANIFEST

_CATALOGUE = "_catalog/"
_MAYBE = frozenset({*WRITTEN, MANIFEST, README})


def is_own_name(name: str, size: int) -> bool:
    """Whether a name below the prefix tells that it is no data: of a catalogue, of a page's settings, of a folder."""
    within = f"/{name}"
    return not name or f"/{_CATALOGUE}" in within or f"/{OWN_FOLDER}" in within or (name.endswith("/") and not size)


def may_be_own(name: str) -> bool:
    """Whether it is called as what ``jsobj publish`` writes beside data: :func:`is_made` tells."""
    return name.rpartition("/")[2] in _MAYBE


def is_made(store: Store, key: str) -> bool:
    """Whether ``jsobj publish`` made an object; not where it cannot be read."""
    try:
        info = head_or_none(store, key)
    except JsobjError:
        return False
    return info is not None and (MADE in info.metadata or is_page(store, key))
