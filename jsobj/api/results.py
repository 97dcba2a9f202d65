"""What methods of a connection return or raise, beside what the actions have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.transfer.verify import Checked


class TransferFailed(JsobjError):
    """Some items were not transferred; run the same call again to go on. ``code`` as the command's exit code."""


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What ``verify`` found. ``counts``: items in each state; ``differences``: those that are not fine.

    States: ``same``, ``differs``, ``missing``, ``extra`` (no such file), ``unverified`` (no digest to compare),
    ``unreadable`` (the file), ``link`` (left out), for a Zarr ``intact``, and for it and a catalogue
    ``forbidden``. ``code`` as the command's exit code.
    """

    counts: Mapping[str, int]
    differences: tuple[Checked, ...]
    code: ExitCode

    @property
    def same(self) -> bool:
        """Whether everything was compared, and is as it should be."""
        return self.code is ExitCode.OK
