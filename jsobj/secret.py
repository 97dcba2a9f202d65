"""A string that does not show itself.

Passwords, application credential secrets, EC2 secret keys and tokens travel as :class:`Secret` from where they are read
to where they are used. ``repr``, ``str``, ``format``, logs and JSON show ``***``; :meth:`Secret.reveal` is the one way
to the text, so that ``grep reveal`` lists every place where a secret leaves.
"""

from __future__ import annotations

from typing import NoReturn

MASK = "***"


class Secret:
    """A secret text. Equal to another ``Secret`` of the same text; hashable; not picklable by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call this only where it is handed to the server or written to a 0600 file."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not travel through pickle; send the profile's name instead")
