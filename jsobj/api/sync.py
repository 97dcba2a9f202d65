"""What a connection does with whole places: make one like another."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jsobj.api.transfers import StrPath, Transfers, run_action
from jsobj.transfer.events import Listener, Summary
from jsobj.transfer.filters import Filters
from jsobj.transfer.options import checked_options

if TYPE_CHECKING:
    from jsobj.store.open import StoreRequest


class Syncs(ABC):
    """The part of :class:`jsobj.api.connection.Connection` for ``jsobj sync``."""

    __slots__ = ()

    @abstractmethod
    def _request(self) -> StoreRequest:
        """As of :class:`jsobj.api.transfers.Transfers`."""

    def sync(
        self,
        source: StrPath,
        destination: StrPath,
        *,
        delete: bool = False,
        max_delete: int | str = "",
        delete_excluded: bool = False,
        backup: StrPath = "",
        check: str = "auto",
        overwrite_newer: bool = False,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        part_size: int | str = "16M",
        parallel: int | None = None,
        links: str = "skip",
        to: Transfers | None = None,
        listen: Listener | None = None,
    ) -> Summary:
        """Make ``destination`` like ``source``: folders, or ``s3://BUCKET/PREFIX`` and ``swift://BUCKET/PREFIX``.

        Parameters
        ----------
        delete:
            Delete what the source does not have, once all else has succeeded; what the patterns leave out stays.
        max_delete:
            A number, or a text such as ``"25%"``: more is refused before anything is touched. By default a tenth of
            what the destination has, and at least 20.
        delete_excluded:
            Delete what the patterns leave out, too.
        backup:
            A prefix, or of a folder a folder, below which what is replaced or deleted is kept.
        check:
            What has to be the same: ``exists``, ``size``, ``mtime``, ``content``, or ``auto``: what an earlier run
            remembers, else sizes and content, and of large files times.
        overwrite_newer:
            Go on also where the destination looks like the newer side.
        to:
            ``connect(cloud="there")`` where both are buckets, and the destination is of another login.

        Returns
        -------
        Summary
            ``deleted`` and ``renamed`` count what was; ``decided`` by what how many were found the same.

        Raises
        ------
        TransferFailed, JsobjError
            As :meth:`upload`; refused for a source that is empty or not mounted, for too much to delete, and where the
            two look swapped: then nothing was touched.
        """
        from jsobj.actions.sync import SyncRules, sync
        from jsobj.actions.sync_ends import place_of
        from jsobj.transfer.sync.comparison import Check
        from jsobj.transfer.sync.guards import DeleteBound

        rules = SyncRules(
            check=Check.parse(check),
            delete=delete,
            delete_excluded=delete_excluded,
            bound=DeleteBound.parse(str(max_delete)),
            newer_too=overwrite_newer,
            links=links,
            backup=os.fspath(backup),
        )
        ends = [place_of(os.fspath(source)), place_of(os.fspath(destination))]
        options, filters = checked_options(part_size=part_size, parallel=parallel), Filters.of(include, exclude)
        return run_action(
            self._request(), lambda context: sync(context, ends[0], ends[1], options, filters, rules).run(), listen, to
        )
