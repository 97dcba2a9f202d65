"""Which key a file gets and which path an object gets, by the rules of ``cp -r``.

Upload: a source that ends in ``/`` means what is in the folder; else the folder (or file) goes in under its own name
where the destination ends in ``/`` or is a bucket, and takes the destination's name where it does not. Download: the
same the other way round; ``.`` counts like ``./``. Unlike with ``cp``, it makes no difference whether the folder
exists: the same command, run again after an interruption, must mean the same. Only a single object goes into an
existing folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.location import Location, first_of
from jsobj.store.objects import Store
from jsobj.store.selection import select
from jsobj.transfer.local.file_url import local_path


@dataclass(frozen=True, slots=True)
class UploadSource:
    """One source. ``prefix`` goes before each file's relative path; ``exact``: the whole key, for a single file."""

    path: str
    prefix: str
    exact: str = ""


def upload_sources(sources: Sequence[str], key: str) -> tuple[UploadSource, ...]:
    """Where each source goes. ``key``: what follows the bucket in the destination.

    Raises :class:`JsobjError`: local (a source is missing), usage (several sources for one key).
    """
    into = not key or key.endswith("/")
    if len(sources) > 1 and not into:
        raise JsobjError(
            "destination-not-folder",
            f"{len(sources)} sources cannot become the one object '{key}'",
            code=ExitCode.USAGE,
            hint=f"end the destination with a slash: {key}/",
        )
    return tuple(_upload_source(local_path(source), key, into) for source in sources)


def _upload_source(source: str, key: str, into: bool) -> UploadSource:
    try:
        folder = os.path.isdir(source)
        os.stat(source)
    except (OSError, ValueError) as error:
        raise JsobjError(
            "source-missing",
            f"cannot read {source!r}" if isinstance(error, ValueError) else f"cannot read {source}",
            code=ExitCode.LOCAL,
            context=getattr(error, "strerror", None) or str(error),
            hint="check the path",
        ) from error
    name = os.path.basename(os.path.abspath(source))
    if not folder:
        return UploadSource(source, "", f"{key}{name}" if into else key)
    if source.endswith("/") or name == "" or source in {".", ".."}:
        return UploadSource(source, key if into else f"{key}/")
    return UploadSource(source, f"{key}{name}/" if into else f"{key}/")


@dataclass(frozen=True, slots=True)
class DownloadTarget:
    """Where objects go: below ``folder``; a single object to the file ``file`` in it, "" for many.

    ``cut`` is the beginning of the keys that is left out; ``prefix`` what is listed; ``pattern`` what keys must match,
    None for all; ``typed`` is that pattern.
    """

    folder: str
    file: str
    prefix: str
    cut: str
    pattern: re.Pattern[str] | None = None
    typed: str = ""


def object_target(key: str, destination: str) -> DownloadTarget:
    """Where one object goes."""
    name = key.rstrip("/").rpartition("/")[2]
    if destination.endswith("/") or os.path.isdir(destination):
        return DownloadTarget(destination, name, key, "")
    folder, _, name = destination.rpartition("/")
    return DownloadTarget(folder or ("/" if destination.startswith("/") else "."), name, key, "")


def prefix_target(prefix: str, destination: str) -> DownloadTarget:
    """Where everything below a prefix goes. ``prefix``: as typed; "" for a whole bucket."""
    if prefix and not prefix.endswith("/"):
        below = prefix.rpartition("/")[2]
        inside = destination.endswith("/") or destination in {".", ".."}
        return DownloadTarget(
            os.path.join(destination, below) if inside else destination, "", f"{prefix}/", f"{prefix}/"
        )
    return DownloadTarget(destination, "", prefix, prefix)


def download_target(store: Store, location: Location, destination: str) -> DownloadTarget:
    """An object, everything below a prefix, or what a pattern matches; not found where there is nothing."""
    key = location.key
    chosen = select(store, key)
    if chosen.found is not None:
        return object_target(key, destination)
    if chosen.pattern:
        return DownloadTarget(destination, "", chosen.fixed, chosen.base, chosen.wanted, key)
    if key and first_of(chosen.everything()) is None:
        raise chosen.nothing()
    return prefix_target(key, destination)


def absolute(path: str) -> str:
    """An absolute path. A slash at the end stays, since it has a meaning."""
    whole = os.path.abspath(path)
    return f"{whole}/" if path.endswith("/") and whole != "/" else whole
