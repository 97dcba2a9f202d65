"""Read: the bytes of an object in order, for a pipe or a file object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jsobj.actions.context import ActionContext
from jsobj.actions.stores import BucketStores
from jsobj.errors import RangeOutside
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.transfer.compression import decodable, decoder, through
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.options import Options


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``first`` to ``last``, counted from 0, ``last`` included and None for the end; or the last ``tail`` bytes."""

    first: int = 0
    last: int | None = None
    tail: int | None = None

    def start_and_size(self, info: ObjectInfo) -> tuple[int, int]:
        """As HTTP means it: what lies beyond the end is left out. Raises :class:`JsobjError` (usage)."""
        if self.tail is not None:
            size = min(self.tail, info.size)
            return info.size - size, size
        if self.first >= info.size:
            raise RangeOutside(
                f"{info.key} has {info.size} bytes, and none at {self.first}", hint="bytes are counted from 0"
            )
        end = info.size if self.last is None else min(self.last + 1, info.size)
        return self.first, end - self.first


def read(
    stores: BucketStores, source: Location, wanted: ByteRange | None = None, version: str = ""
) -> tuple[Store, ReadStream]:
    """An object's bytes as they are stored, and its store. Only a whole object can be compared with its digest.

    ``version``: the id of an older one. Raises :class:`JsobjError`: not found, usage (a range outside of the object).
    """
    source = stores.meant(source)
    store = stores.of(source)
    if version:
        store = store.at_version(version)
    info = store.head(source.key)
    start, size = (0, info.size) if wanted is None else wanted.start_and_size(info)
    return store, ReadStream(store, info, start=start, size=size, stop=store.stop)


def write_out(
    context: ActionContext, sources: Sequence[Location], write: Callable[[Any], object], options: Options
) -> None:
    """Give all bytes of objects to ``write``, one object after the other, decompressed unless ``options.raw``.

    Raises :class:`JsobjError`: integrity (bytes that were given out are wrong), and what the store raises.
    """
    tally = context.tally
    meter = Meter(tally.moved, options.limit_rate)
    for source in map(context.stores.meant, sources):
        store = context.stores.of(source)
        info = store.head(source.key)
        reading = ReadStream(store, info, stop=store.stop, accept_unverified=options.accept_unverified)
        chunks: Iterator[Any] = iter(reading)
        if decodable(info.content_encoding) and not options.raw:
            chunks = through(decoder(info.content_encoding.strip().lower()), chunks)
        for data in chunks:
            meter(len(data))
            write(data)
        tally.item_done(info.size, verified=bool(reading.verified))
