"""Whether a file is closed because the body of a ``with`` raised.

Where a file is wrapped (text, compression, fsspec's ``OpenFile``, pandas's handles), only the wrapper's ``__exit__``
gets the exception, and it calls a plain ``close()``. But the frame of the ``with`` is then at the instruction that
calls ``__exit__`` with an exception (tested on CPython 3.10 to 3.13).
"""

from __future__ import annotations

import dis
import sys
from types import FrameType

_RAISING = dis.opmap["WITH_EXCEPT_START"]


def failing_bodies() -> frozenset[int]:
    """The ids of the calling frames that are leaving a ``with`` whose body raised."""
    found = set()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if 0 <= frame.f_lasti < len(frame.f_code.co_code) and frame.f_code.co_code[frame.f_lasti] == _RAISING:
            found.add(id(frame))
        frame = frame.f_back
    return frozenset(found)
