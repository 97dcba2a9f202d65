"""Which relative paths take part in a transfer: ``--include`` and ``--exclude``.

A pattern is compared with the whole relative path (``/`` between its parts), as the aws command does: ``*`` stands for
any characters, ``/`` among them, so that ``*.tmp`` means such files at every depth and ``cache/*`` all that is below
``cache``; ``?`` stands for one character, ``[abc]`` for one of these. ``cache/`` is short for ``cache/*``. Large and
small letters differ. The order of the options does not matter: what an exclude matches is out, and where there are
includes, what none of them matches is out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jsobj.errors import ExitCode, JsobjError

_WILD = re.compile(r"[*?\[]")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Filters:
    """The patterns of one run, compiled once. Made by :meth:`of`; ``Filters()`` keeps everything."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    _wanted: re.Pattern[str] | None = field(default=None, repr=False, compare=False)
    _unwanted: re.Pattern[str] | None = field(default=None, repr=False, compare=False)
    _whole_folders: re.Pattern[str] = field(default=_NEVER, repr=False, compare=False)

    @classmethod
    def of(cls, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> Filters:
        """Compile patterns. Raises :class:`JsobjError` (usage) for an empty one."""
        wanted, unwanted = _checked(include, "--include"), _checked(exclude, "--exclude")
        endless = tuple(pattern for pattern in unwanted if pattern.endswith("*"))
        return cls(wanted, unwanted, _any_of(wanted), _any_of(unwanted), _any_of(endless) or _NEVER)

    def judge(self, relative: str) -> str:
        """Why a path is left out; "" where it takes part."""
        if self._unwanted is not None and self._unwanted.match(relative):
            return self._excluded_by(relative)
        if self._wanted is not None and not self._wanted.match(relative):
            return "matches no --include"
        return ""

    def judge_folder(self, relative: str) -> str:
        """Why nothing below the folder ``relative`` (with a slash at its end) can take part; "" where something may.

        Certain, not complete: a folder of which everything is left out file by file may be walked all the same.
        """
        if self._whole_folders.match(relative):  # an exclude that ends in "*": what it matches, it matches lengthened
            return self._excluded_by(relative)
        if self.include and not any(_may_meet(pattern, relative) for pattern in self.include):
            return "matches no --include"
        return ""

    def _excluded_by(self, relative: str) -> str:
        first = next(pattern for pattern in self.exclude if _any_of((pattern,)).match(relative))  # type: ignore[union-attr]
        return f"matches --exclude '{first}'"


def _checked(patterns: Iterable[str], option: str) -> tuple[str, ...]:
    checked = []
    for pattern in patterns:
        if not pattern:
            raise JsobjError(
                "pattern-empty",
                f"the pattern of {option} is empty",
                code=ExitCode.USAGE,
                hint=f"in single quotes the shell leaves a pattern as it is: {option} '*.tmp'",
            )
        checked.append(f"{pattern}*" if pattern.endswith("/") else pattern)
    return tuple(checked)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """One expression for all patterns; None for none."""
    from fnmatch import translate  # its expressions take no exponential time, whatever the stars (a cost of 2 ms)

    return re.compile("|".join(map(translate, patterns))) if patterns else None


def _may_meet(pattern: str, folder: str) -> bool:
    """Whether the pattern's beginning, up to its first wildcard, lies on the way to or below the folder."""
    found = _WILD.search(pattern)
    fixed = pattern[: found.start()] if found else pattern
    return fixed.startswith(folder) or (found is not None and folder.startswith(fixed))
