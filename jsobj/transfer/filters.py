"""Which relative paths take part in a transfer: ``--include`` and ``--exclude``, in the language of store/patterns.py.

As with rsync, rclone and git: a pattern without a slash is compared with every name on the path, so ``*.tmp`` means
such files at every depth and ``.git`` also all that is below a folder of that name; a pattern with a slash is compared
with the path from the folder that is transferred; one that ends in a slash means folders alone. What matches a folder
means all that is below it. The order of the options does not matter: what an exclude matches is out, and where there
are includes, what none of them matches is out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.patterns import alternatives, expression, fixed_part, is_pattern


@dataclass(frozen=True, slots=True)
class _Rule:
    """One pattern. ``anchored``: it speaks of the path from the top; ``expression`` ends before what is below."""

    pattern: str
    matches: re.Pattern[str]
    anchored: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The patterns of one run, compiled once. Made by :meth:`of`; ``Filters()`` keeps everything."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    _wanted: tuple[_Rule, ...] = field(default=(), repr=False, compare=False)
    _unwanted: tuple[_Rule, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> Filters:
        """Compile patterns. Raises :class:`JsobjError` (usage) for an empty one, or one that means nothing."""
        include, exclude = tuple(include), tuple(exclude)
        wanted = tuple(_rule(pattern, "--include") for pattern in include)
        return cls(include, exclude, wanted, tuple(_rule(pattern, "--exclude") for pattern in exclude))

    @property
    def included(self) -> str:
        """The includes, as messages name them; "" where there are none."""
        return " or ".join(f"--include '{pattern}'" for pattern in self.include)

    def judge(self, relative: str) -> str:
        """Why a path is left out; "" where it takes part."""
        for rule in self._unwanted:
            if rule.matches.fullmatch(relative):
                return f"matches --exclude '{rule.pattern}'"
        if self._wanted and not any(rule.matches.fullmatch(relative) for rule in self._wanted):
            return "matches no --include"
        return ""

    def judge_folder(self, relative: str) -> str:
        """Why nothing below the folder ``relative`` (with a slash at its end) can take part; "" where something may.

        Certain, not complete: a folder of which everything is left out file by file may be walked all the same.
        """
        for rule in self._unwanted:
            if rule.matches.fullmatch(relative):
                return f"matches --exclude '{rule.pattern}'"
        if self._wanted and not any(_may_meet(rule, relative) for rule in self._wanted):
            return "matches no --include"
        return ""


EVERYTHING = Filters()


def nothing_matches(where: str, patterns: str) -> JsobjError:
    """The error where patterns match nothing of what is there."""
    return JsobjError(
        "nothing-matches",
        f"nothing in {where} matches {patterns}",
        code=ExitCode.NOT_FOUND,
        hint="how patterns are read: jsobj help patterns",
    )


def _rule(pattern: str, option: str) -> _Rule:
    if not pattern.strip("/"):
        raise JsobjError(
            "pattern-empty",
            f"the pattern of {option} is empty",
            code=ExitCode.USAGE,
            hint=f"in single quotes the shell leaves a pattern as it is: {option} '*.tmp'",
        )
    name = pattern.rstrip("/")
    if any(not text or text.endswith("/") for text in alternatives(name)):
        # It would mean the empty name, which every folder has at its end: nothing at all would take part.
        raise JsobjError(
            "pattern-empty",
            f"the braces of {option} '{pattern[:80]}' may stand for no name at all",
            code=ExitCode.USAGE,
            hint=f"leave the empty part out, or write two options: {option} 'a' {option} 'b'",
        )
    anchored = "/" in name
    below = "/.*" if name != pattern else "(?:/.*)?"
    start = "" if anchored else "(?:.*/)?"
    return _Rule(pattern, re.compile(f"{start}{expression(name.lstrip('/'))}{below}", re.DOTALL), anchored)


def _may_meet(rule: _Rule, folder: str) -> bool:
    """Whether a path below the folder could match; sure for patterns from the top, by what they begin with."""
    if not rule.anchored:
        return True
    fixed = fixed_part(rule.pattern.lstrip("/"))
    wild = is_pattern(rule.pattern)
    return fixed.startswith(folder) or (wild and folder.startswith(fixed)) or folder.startswith(f"{fixed.rstrip('/')}/")
