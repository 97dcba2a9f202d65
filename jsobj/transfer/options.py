"""What the user may choose for a transfer, as one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.errors import BadUsage, JsobjError
from jsobj.store.values import PLAIN, PutOptions
from jsobj.transfer.part_layout import PART_SIZE
from jsobj.transfer.spread.shard import WHOLE, Shard, parse_shard
from jsobj.transfer.upload.kept import checked_kept
from jsobj.units import parse_size

PARALLEL = 16
MOST_PARALLEL = 256
_COMPRESSING = 4
GROWN = 128  # requests at once where each takes long and is small


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes in bytes. ``most``: requests at once where waiting takes most of the time, 0 for ``parallel``.

    ``limit_rate`` in bytes a second, 0 for none; ``compress``: "", gzip, br or zstd.
    ``overwrite``: objects and files that exist and differ are replaced, else skipped. ``raw``: a download keeps
    compressed content as it is stored. ``check``: what counts as unchanged, ``content`` (digests) or ``size``.
    ``accept_unverified``: a download keeps bytes that came twice alike and do not give the object's ETag.
    ``kept``: what an upload is to keep with each object, beside what it keeps by itself.
    ``shard``: the share of the plan that this run takes. ``dask``: the scheduler whose workers do it, "" for none;
    ``ship_credentials``: they are lent a token, and need no login of their own.
    """

    part_size: int = PART_SIZE
    parallel: int = PARALLEL
    most: int = 0
    processes: int = 0
    limit_rate: int = 0
    compress: str = ""
    raw: bool = False
    overwrite: bool = True
    windows_safe: bool = False
    keep_times: bool = True
    check: str = "content"
    accept_unverified: bool = False
    kept: PutOptions = PLAIN
    shard: Shard = WHOLE
    dask: str = ""
    ship_credentials: bool = False

    @property
    def threads(self) -> int:
        """Requests at once: fewer where files are compressed, which takes a core and memory for each."""
        return min(self.parallel, _COMPRESSING) if self.compress else self.parallel


def checked_options(
    *,
    part_size: int | str = "16M",
    parallel: int | None = None,
    processes: int = 0,
    limit_rate: str = "",
    compress: str = "",
    check: str = "content",
    shard: str = "",
    dask: str = "",
    ship_credentials: bool = False,
    metadata: Mapping[str, str] | None = None,
    content_type: str = "",
    content_encoding: str = "",
    cache_control: str = "",
    content_disposition: str = "",
    content_language: str = "",
    named: Callable[[str], str] = str,
    **others: Any,
) -> Options:
    """Options within their limits; ``parallel`` None lets it grow. ``named``: how error messages write a name.

    Raises :class:`JsobjError` (usage).
    """
    for name, value, smallest, largest in (("parallel", parallel, 1, MOST_PARALLEL), ("processes", processes, 0, 64)):
        if value is not None and not smallest <= value <= largest:
            raise _usage(f"{named(name)} is a number from {smallest} to {largest}")
    if compress not in {"", "gzip", "br", "zstd"}:
        raise _usage(f"{named('compress')} is gzip, br or zstd")
    if check not in {"content", "size"}:
        raise _usage(f"{named('check')} is content or size")
    if compress and content_encoding:
        why = f"{named('compress')} sets the content encoding itself: leave {named('content_encoding')} out"
        raise _usage(why)
    _require_sense(dask, processes, named, ship_credentials=ship_credentials)
    headers = {
        "content-type": content_type,
        "content-encoding": content_encoding,
        "cache-control": cache_control,
        "content-disposition": content_disposition,
        "content-language": content_language,
    }
    kept = checked_kept(headers, metadata or {}, named)
    rate = parse_size(limit_rate, named("limit_rate"), smallest=1024, largest=1024**5) if limit_rate else 0
    return Options(
        part_size=parse_size(str(part_size), named("part_size"), smallest=5 * 1024**2, largest=5 * 1024**3),
        parallel=PARALLEL if parallel is None else parallel,
        most=affordable(GROWN) if parallel is None else 0,
        processes=processes,
        limit_rate=rate,
        compress=compress,
        check=check,
        kept=kept,
        shard=parse_shard(shard, named("shard")),
        dask=dask,
        ship_credentials=ship_credentials,
        **others,
    )


def _require_sense(dask: str, processes: int, named: Callable[[str], str], *, ship_credentials: bool) -> None:
    if dask and processes:
        raise _usage(f"{named('dask')} has workers, which are processes already: leave {named('processes')} out")
    if ship_credentials and not dask:
        raise _usage(f"{named('ship_credentials')} is for the workers of {named('dask')}")


def _usage(message: str) -> JsobjError:
    return BadUsage(message)


def affordable(wanted: int) -> int:
    """As many requests at once as the limit of open files (``ulimit -n``) allows.

    Each needs up to five: a connection, its pipe, a file, and the two of its rename.
    """
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, (soft - 32) // 5))
