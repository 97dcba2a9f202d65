"""A run over one stream of unknown length: compressed on request, and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from jsobj.errors import UploadNotFound
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.transfer.compression import encoder, through
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Done, ItemStarted, Listener, Noted, Skipped, Started, Tally
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.upload.kept import not_kept
from jsobj.transfer.upload.send_stream import send_stream


def upload_stream(
    store: Store,
    key: str,
    chunks: Iterable[bytes | memoryview],
    options: Options,
    tally: Tally,
    emit: Listener,
    *,
    name: str,
) -> Result:
    """Send what ``chunks`` gives as one object. ``name`` is what the source is called.

    Raises :class:`JsobjError`, and whatever ``chunks`` raises; then there is no new object, and nothing is left behind.
    """
    moved = Meter(tally.moved, options.limit_rate)
    emit(Started("upload", name, store.place.url(key)))
    if not options.overwrite and head_or_none(store, key):
        tally.planned = True
        tally.item_skipped(compared=False)
        emit(Skipped(name, f"{store.place.url(key)} exists already", compared=False))
        return _ended(tally, emit)
    emit(ItemStarted(name, None))
    pieces: Iterator[bytes | memoryview] = iter(chunks)
    if options.compress:
        pieces = iter(through(encoder(options.compress), pieces))
    put = replace(options.kept, content_encoding=options.compress or options.kept.content_encoding)
    try:
        sent = send_stream(
            store, key, pieces, put, part_size=options.part_size, moved=moved, at_once=moved.at_once, stop=moved.stop
        )
    except UploadNotFound as error:
        message = f"{name}: its upload was aborted on the server while it was under way"
        raise error.reworded(message, hint="send it again from its beginning: a stream cannot be read twice") from error
    tally.planned = True
    tally.item_done(sent.size, verified=True)
    emit(Done(name, store.place.url(key), sent.size, sent.verified, sent.etag))
    if lost := not_kept(store, key, options.kept):
        emit(Noted(lost, warning=True))
    return _ended(tally, emit)


def _ended(tally: Tally, emit: Listener) -> Result:
    summary = tally.summary("upload")
    emit(summary)
    return Result.of(summary)
