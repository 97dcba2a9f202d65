"""A file for a while: sent, linked to, and deleted by the server at its end (``X-Delete-At`` of the Swift API).

Measured: Swift 2.38 and Ceph RGW 16 answer 404 over the Swift API from that second on; over S3 a Ceph knows the object
until its next round of deletions, but no link to it is valid then.
"""

from __future__ import annotations

import mimetypes
import secrets
from pathlib import Path

from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.settings import Settings
from jsobj.net.body import FileSource, Moved, uncounted
from jsobj.share.links.give import Shared, Span
from jsobj.share.links.record import grant_of, kept
from jsobj.share.links.stranger import require_readable
from jsobj.share.links.ways import OBJECT, links_of
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions
from jsobj.units import exact_size


def lend(settings: Settings, store: Store, prefix: str, path: str, span: Span, *, moved: Moved = uncounted) -> Shared:
    """Send a file below ``prefix`` (ends in a slash, or ""), in a folder that nobody guesses, and a link to it.

    ``store`` is over the Swift API. Raises :class:`JsobjError`: local (no such file), usage (larger than one request
    may hold, or a folder).
    """
    file = Path(path)
    size = _size(store, file)
    links = links_of(store, span.ends, span.now)
    key = f"{prefix}{secrets.token_hex(8)}/{file.name}"
    grant = grant_of(store, key, links, kind="file", ends=span.ends, now=span.now, cloud=span.cloud, mechanism=OBJECT)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    options = PutOptions(kind, served={"x-delete-at": str(int(span.ends.timestamp()))})
    with kept(settings, grant, lambda: store.delete(key)):
        _send(store, key, file, size, options, moved)
        link = links.read(key)
        require_readable(store, link, size)
    return Shared(grant, link, 1, size)


def _size(store: Store, file: Path) -> int:
    try:
        known = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    if not file.is_file():
        raise BadUsage(
            f"{file} is not a file: --for takes one file", hint="pack a folder first: tar czf FILE.tar.gz FOLDER"
        )
    most = store.limits.largest_put
    if known.st_size > most:
        raise BadUsage(
            f"{file} is larger than {exact_size(most)}, which is the most that --for can send",
            hint="send it, and share a link to it: jsobj upload FILE URL; jsobj share URL --to link",
        )
    return known.st_size


def _send(store: Store, key: str, file: Path, size: int, options: PutOptions, moved: Moved) -> None:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from error
    with opened:
        store.put(key, FileSource(opened.fileno(), 0, size, str(file)), options, moved=moved)


def _unreadable(file: Path, error: OSError) -> JsobjError:
    return JsobjError("file-unreadable", f"{file}: {error.strerror}", code=ExitCode.LOCAL)
