"""What is to be kept with the objects of an upload because it was asked for: metadata, and headers like Cache-Control.

It is checked before anything is sent, since a server would refuse each object by itself, or keep something else. An
object that is there already counts as the same only where it has what is asked for; other things that it has do not
matter. Of what a server keeps, the first object of a run is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from jsobj.errors import BadUsage, JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import MTIME, ObjectInfo, PutOptions

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_PREFIX = re.compile(r"x-(?:amz|object)-meta-", re.IGNORECASE)
_OWN = re.compile(rf"{MTIME}|jsobj-.*|static-large-object")  # the last one is Ceph RGW's mark of a large object
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OWN_COUNT, _OWN_BYTES = 2, 64  # the time of the file, and the size of the parts
_HEADERS = ("content-type", "content-encoding", "cache-control", "content-disposition", "content-language")


def checked_kept(
    headers: Mapping[str, str], metadata: Mapping[str, str], named: Callable[[str], str] = str
) -> PutOptions:
    """What to keep; ``headers`` by name, "" for none. Raises usage. ``named``: how messages write an option's name."""
    given = {name: _header(value, named(name.replace("-", "_"))) for name, value in headers.items() if value}
    kept: dict[str, str] = {}
    for name, value in metadata.items():
        lower = _checked_name(name, named)
        if lower in kept:
            raise BadUsage(f"{named('metadata')} has '{name}' twice: large and small letters are the same in names")
        kept[lower] = _text(value, f"the value of '{name}' in {named('metadata')}")
    return PutOptions(given.pop("content-type", ""), given.pop("content-encoding", ""), kept, given)


def _checked_name(name: str, named: Callable[[str], str]) -> str:
    option = named("metadata")
    bare = _PREFIX.sub("", name)
    if bare != name:
        raise BadUsage(f"{option} takes names without '{name[: -len(bare)]}'", hint=f"call it {bare}")
    if name.lower() in _HEADERS:
        word = named(name.lower().replace("-", "_"))
        raise BadUsage(f"'{name}' is a header of its own, not one of the metadata", hint=f"give it as {word}")
    if "_" in name and _NAME.fullmatch(dashed := name.replace("_", "-")):
        # Swift drops them; Ceph RGW, and Swift's S3 for objects in parts, make a "-" of each.
        raise BadUsage(f"servers drop or rename metadata with '_', such as '{name}'", hint=f"call it {dashed}")
    if not _NAME.fullmatch(name):
        raise BadUsage(f"a name in {option} has letters and digits (of ASCII), '-' and '.': not '{name}'")
    if _OWN.fullmatch(name.lower()):
        what = "the file's modification time" if name.lower() == MTIME else "what it needs to know of the object"
        raise BadUsage(f"jsobj itself keeps {what} as '{name}'", hint="choose another name")
    return name.lower()


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadUsage(f"{what} is not a text")
    if found := _UNPRINTABLE.search(value):
        raise BadUsage(f"{what} contains the control character U+{ord(found[0]):04X}")
    if value != value.strip():
        raise BadUsage(f"{what} begins or ends with a blank, which servers do not keep")
    return value


def _header(value: str, option: str) -> str:
    if not _text(value, option).isascii():
        hint = "in Content-Disposition: filename*=UTF-8''NAME, percent-encoded"
        raise BadUsage(f"{option} is a header, and has ASCII characters only", hint=hint)
    return value


def require_room(store: Store, kept: PutOptions) -> None:
    """Raises usage where the server says that it keeps no metadata so long, or so many."""
    if not kept.metadata:
        return
    limits = store.metadata_limits()
    sent = {name: len(store.kept_value(value).encode()) for name, value in kept.metadata.items()}
    for limit, size, what in _sizes(sent):
        if size > limits.get(limit, size):
            raise BadUsage(f"this server does not keep such metadata: {what}, and {limits[limit]} is the most")


def _sizes(sent: Mapping[str, int]) -> Iterator[tuple[str, int, str]]:
    for name, size in sent.items():
        yield "max_meta_name_length", len(name), f"the name '{name}' has {len(name)} characters"
        yield "max_meta_value_length", size, f"the value of '{name}' has {size} bytes"
    together = sum(len(name) + size for name, size in sent.items()) + _OWN_BYTES
    yield "max_meta_count", len(sent) + _OWN_COUNT, f"with jsobj's own there are {len(sent) + _OWN_COUNT}"
    yield "max_meta_overall_size", together, f"with jsobj's own they have {together} bytes"


def missing(kept: PutOptions, info: ObjectInfo) -> list[str]:
    """What of ``kept`` an object does not have, as people call it."""
    wanted = {"content-type": kept.content_type, "content-encoding": kept.content_encoding, **kept.served}
    there = {"content-type": info.content_type, "content-encoding": info.content_encoding, **info.served}
    lost = [name for name, value in kept.metadata.items() if info.metadata.get(name) != value]
    return lost + [name for name, value in wanted.items() if value and there.get(name, "") != value]


def not_kept(store: Store, key: str, kept: PutOptions) -> str:
    """A sentence on what the server did not keep of an object that was just sent; "" where it kept everything."""
    if kept == PutOptions():
        return ""
    try:
        info = store.head(key)
    except JsobjError as error:
        return f"whether the server keeps the metadata could not be looked at: {error.message}"
    lost = missing(kept, info)
    if not lost:
        return ""
    names = ", ".join(f"'{name}'" for name in lost)
    return f"the server does not keep {names} as sent: see jsobj stat {store.place.url(key)}{store.place.at}"
