"""Archives from programs: many files as one object, and back."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jsobj.api.transfers import StrPath, run_action
from jsobj.store.location import parse_location
from jsobj.transfer.events import Listener, Summary
from jsobj.transfer.filters import Filters
from jsobj.transfer.options import checked_options

if TYPE_CHECKING:
    from jsobj.store.open import StoreRequest


class Packing(ABC):
    """The part of :class:`jsobj.api.connection.Connection` for archives."""

    __slots__ = ()

    @abstractmethod
    def _request(self) -> StoreRequest:
        """As of :class:`jsobj.api.transfers.Transfers`."""

    def pack(
        self,
        sources: StrPath | Iterable[StrPath],
        url: str,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        compress: str = "",
        metadata: Mapping[str, str] | None = None,
        overwrite: bool = True,
        check: str = "content",
        links: str = "skip",
        listen: Listener | None = None,
    ) -> Summary:
        """Send files and folders as one object, a zip whose members are read as ``ARCHIVE.zip!/NAME``.

        Parameters
        ----------
        url:
            The archive; its name ends in ``.zip``. An index is put beside it, as ``ARCHIVE.zip.index``.
        compress:
            ``zstd`` compresses each member by itself; otherwise they are stored.

        Raises
        ------
        TransferFailed, JsobjError
            As ``upload``; no archive is made where a file cannot be read, or changes while it is read.
        """
        from jsobj.actions.upload import pack

        options = checked_options(
            part_size=part_size, compress=compress, metadata=metadata, overwrite=overwrite, check=check
        )
        paths = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        place, filters = parse_location(url, foreign=True), Filters.of(include, exclude)
        return run_action(
            self._request(),
            lambda context: pack(context, paths, place, options, filters, links=links).run(),
            listen,
        )

    def unpack(
        self,
        url: str,
        folder: StrPath = ".",
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        parallel: int | None = None,
        overwrite: bool = True,
        check: str = "content",
        max_ratio: int = 100,
        listen: Listener | None = None,
    ) -> Summary:
        """Fetch the members of an archive, or some of them, into a folder.

        Parameters
        ----------
        url:
            The archive, ``ARCHIVE.zip!/FOLDER/``, or a pattern behind ``!/``.
        max_ratio:
            How many times larger than they are stored all members together may be.

        Raises
        ------
        TransferFailed, JsobjError
            As ``download``; refused where ``max_ratio`` is exceeded; integrity for an archive that is damaged.
        """
        from jsobj.actions import download as actions

        options = checked_options(parallel=parallel, overwrite=overwrite, check=check)
        place, filters = parse_location(url, public=True, foreign=True), Filters.of(include, exclude)
        target = os.fspath(folder)
        return run_action(
            self._request(),
            lambda context: actions.unpack(context, place, target, options, filters, max_ratio=max_ratio).run(),
            listen,
        )
