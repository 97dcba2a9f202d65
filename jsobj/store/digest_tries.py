"""Bytes that arrive with another digest than they should have are moved again, a few times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jsobj.errors import JsobjError

TRIES = 3

Made = TypeVar("Made")


def until_digest_matches(attempt: Callable[[int], Made | None], error: Callable[[], JsobjError]) -> Made:
    """The first result of ``attempt`` that is not None; its argument is the number of the try, from 0.

    Raises ``error()`` after the last try, and whatever ``attempt`` raises.
    """
    for number in range(TRIES):
        made = attempt(number)
        if made is not None:
            return made
    raise error()
