"""What goes wrong with the bytes of a file that are to be hashed."""

from __future__ import annotations

import errno


class BecameShorter(OSError):
    """A file ends before the bytes that were to be hashed."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "the file became shorter while it was in use")

    def __reduce__(self) -> tuple[type[BecameShorter], tuple[()]]:
        """Through a pipe from a worker's process."""
        return BecameShorter, ()
