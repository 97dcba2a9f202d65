"""Fetching on one of several machines that share the target's file system.

A part counts once it is on that file system, where the machine that finishes the file reads it: so it is flushed, and
the file closed, before the part is over.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from jsobj.store.objects import Store
from jsobj.transfer.download.partial_file import PartialFile
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.worker import DownloadUnit, Fetching, Receiver
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.options import Options
from jsobj.transfer.spread.charge import Tell


class SharedReceiver(Receiver):
    """Performs units that move bytes. Shared by threads, each of which opens temporary files for itself."""

    def __init__(self, store: Store, target: TargetFolder, options: Options, moved: Meter) -> None:
        super().__init__(store, target, options, moved)
        self._own = threading.local()

    def perform(self, unit: DownloadUnit) -> Any:
        """Perform one unit; raises :class:`jsobj.errors.JsobjError`."""
        try:
            value = super().perform(unit)
            temp: PartialFile | None = getattr(self._own, "temp", None)
            if temp is not None:
                with temp.errors_named():
                    os.fsync(temp.descriptor)
            return value
        finally:
            temp, self._own.temp = getattr(self._own, "temp", None), None
            if temp is not None:
                temp.close()

    def _temp(self, item: Fetching, name: str) -> PartialFile:
        self._own.temp = temp = self._reopened(item, name)
        return temp

    def settle(self) -> None:
        """Flush what was put off."""
        self._target.sync()

    def close(self) -> None:
        """Close what is open."""
        super().close()
        self._target.close()


def shared_receiver(root: str, options: Options, store: Store, moved: Meter, tell: Tell) -> SharedReceiver:
    """The performer of a worker. It sweeps no folder: it does not know what journals elsewhere count on."""
    return SharedReceiver(store, TargetFolder(root), options, moved)
