"""Whether this process may use the compiled half; apart from it, since nobody who only sets this needs ctypes."""

from __future__ import annotations

_allowed = True


def allow_compiled(yes: bool) -> None:
    """For streams that begin from now on, in this process and in those that it forks."""
    global _allowed
    _allowed = yes


def compiled_allowed() -> bool:
    """What was said last; at first it is allowed."""
    return _allowed
