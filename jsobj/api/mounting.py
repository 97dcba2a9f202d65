"""What a connection does for libraries that want a path: a bucket as a folder."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.api.transfers import StrPath
from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings
from jsobj.store.location import parse_location
from jsobj.units import parse_size

if TYPE_CHECKING:
    from jsobj.store.open import StoreRequest


class Mounting(ABC):
    """The part of :class:`jsobj.api.connection.Connection` for ``jsobj mount``."""

    __slots__ = ()

    @abstractmethod
    def _request(self) -> StoreRequest:
        """As of :class:`jsobj.api.transfers.Transfers`."""

    @contextmanager
    def mounted(
        self,
        url: str,
        at: StrPath | None = None,
        *,
        write: bool = False,
        backend: str = "",
        cache: int | str = "10G",
        timeout: float = 60.0,
    ) -> Iterator[Path]:
        """A bucket, or what is below a prefix, as a folder for the time of a ``with`` block.

        At its end, what was written is sent, who holds the mount is waited for, and the store is asked for each file
        that waited, as by ``jsobj umount``. Close what you have opened there: an xarray dataset, for example, keeps its
        file open.

        Parameters
        ----------
        at:
            An empty folder, or one that is not there yet; by default one of its own.
        write:
            Without it nothing can be written there.
        backend, cache:
            As the options of ``jsobj mount``.
        timeout:
            Seconds at the end to wait for those who hold the mount, and for the store while nothing is sent.

        Raises
        ------
        JsobjError
            As ``jsobj mount``: local where no mounter is here, refused for a folder that will not do. At the end
            :class:`jsobj.mount.end.MountBusy`, whose ``holders`` are the processes, and
            :class:`jsobj.mount.end.MountNotFlushed`, whose ``names`` are the keys that the store does not have; it is
            still mounted then. Where the block has raised, its exception stays, with a note.

        Examples
        --------
        >>> with jsobj.connect("js2").mounted("s3://results/run42", write=True) as path:
        ...     iris.save(cubes, path / "air.nc")
        """
        from jsobj.mount.begin import mount
        from jsobj.mount.end import umount
        from jsobj.mount.ground import Wish

        settings = Settings.read()
        size = parse_size(cache) if isinstance(cache, str) else cache
        wish = Wish(parse_location(url), write, backend, f"{size}B")
        made = mount(settings, wish, None if at is None else Path(at), self._request()).mount
        try:
            yield made.path
        except BaseException as error:
            try:
                umount(settings, made, timeout=timeout)
            except JsobjError as other:
                if sys.version_info >= (3, 11):
                    error.add_note(f"and {made.folder} could not be unmounted: {other}")
            raise
        umount(settings, made, timeout=timeout)
