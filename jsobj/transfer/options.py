"""What the user may choose for a transfer, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.transfer.part_layout import PART_SIZE

PARALLEL = 16
MOST_PARALLEL = 256
GROWN = 128  # requests at once where each takes long and is small


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes in bytes. ``most``: requests at once where waiting takes most of the time, 0 for ``parallel``.

    ``limit_rate`` in bytes a second, 0 for none; ``compress``: "", gzip, br or zstd.
    ``overwrite``: objects and files that are there and differ are replaced; else they are skipped. ``raw``: a download
    keeps compressed content as it is stored. ``check``: what counts as unchanged, ``content`` (digests) or ``size``.
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
    content_type: str = ""
    keep_times: bool = True
    check: str = "content"
