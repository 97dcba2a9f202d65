"""The two logins of a copy from one to another: whose error it is, and which options its hints must name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from jsobj.errors import JsobjError
from jsobj.identity.command_hints import with_login

T = TypeVar("T")

SOURCE, DESTINATION = "source", "destination"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the logins. ``name``: ``source`` or ``destination``; "" where there is but one login.

    ``cloud`` and ``profile``: as they were typed.
    """

    name: str = ""
    cloud: str = ""
    profile: str = ""

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Errors in here say which login they are about; those that say it already are left alone."""
        try:
            yield
        except JsobjError as error:
            if not self.name or error.message.startswith((f"{SOURCE}: ", f"{DESTINATION}: ")):
                raise
            hint = tuple(map(self._hint, error.hint_lines))
            raise error.reworded(f"{self.name}: {error.message}", hint=hint) from error.__cause__

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """All ``items``, of which reading may fail."""
        with self.errors():
            yield from items

    def _hint(self, line: str) -> str:
        """With the login that its commands need; options alone are those of this side."""
        if "jsobj " not in line and self.name == DESTINATION:
            for option in ("cloud", "profile", "endpoint"):
                line = line.replace(f"--{option} ", f"--dest-{option} ")
            return line
        return with_login(line, cloud=self.cloud, profile=self.profile, either=True)


ONE_LOGIN = Side()
