"""The one pattern language: for keys in URLs, and for ``--include`` and ``--exclude`` (``jsobj help patterns``).

``*`` and ``?`` stand for characters of one name (never for ``/``), ``**`` for any characters, ``**/`` also for nothing,
``[abc]``, ``[a-z]`` and ``[!a]`` for one character, ``{a,b}`` for one of several texts. Large and small letters differ.
A wildcard that is meant literally stands in brackets: ``[*]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice, pairwise

from jsobj.errors import ExitCode, JsobjError

_WILD = re.compile(r"[*?\[{]")
_PART = re.compile(r"\*\*/?|\*|\?|\[!?(?:\][^\]/]*|[^\]/]+)\]|.", re.DOTALL)
_RANGE = re.compile(r".-.|.", re.DOTALL)
_MOST = 1000  # texts that {a,b}{c,d}... may stand for


def is_pattern(text: str) -> bool:
    """Whether a text contains a wildcard. Braces without a comma are none."""
    found = _WILD.search(text)
    return found is not None and (found[0] != "{" or len(alternatives(text)) > 1 or is_pattern(text[found.end() :]))


def fixed_part(pattern: str) -> str:
    """What every match begins with: the pattern up to its first wildcard."""
    found = _WILD.search(pattern)
    return pattern[: found.start()] if found else pattern


def literal(text: str) -> str:
    """The pattern that matches just this text."""
    return _WILD.sub(lambda found: f"[{found[0]}]", text)


def compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for keys that match any of the patterns, for ``fullmatch``. Raises as :func:`expression`."""
    groups = count()
    return re.compile("|".join(expression(pattern, groups) for pattern in patterns), re.DOTALL)


def expression(pattern: str, groups: Iterator[int] | None = None) -> str:
    """The regular expression of a pattern, for ``fullmatch`` with ``re.DOTALL``.

    Its time grows with the length of a key to the power of the number of ``**``, however many ``*`` there are.
    ``groups``: numbers for its named groups, shared by expressions that are joined into one. Raises
    :class:`JsobjError` (usage) for braces that stand for more than a thousand texts.
    """
    groups = count() if groups is None else groups
    texts = alternatives(pattern)
    if len(texts) > _MOST:
        what = f"the braces of '{pattern[:80]}' stand for more than {_MOST} patterns"
        raise JsobjError("pattern-too-large", what, code=ExitCode.USAGE, hint="use * or several patterns")
    made = f"(?:{'|'.join(_one(text, groups) for text in texts)})"
    try:
        re.compile(made)
    except re.error as error:  # the range [z-a]
        what = f"'{pattern[:80]}' is not a pattern: {error.msg}"
        raise JsobjError("pattern-malformed", what, code=ExitCode.USAGE, hint="jsobj help patterns") from error
    return made


def alternatives(pattern: str) -> list[str]:
    """``a{b,c}d`` -> ``abd``, ``acd``; braces may stand in braces. Braces without a comma or an end are literal.

    At most one more than a thousand.
    """
    depth, commas = 0, []
    start = pattern.find("{")
    for place in range(start, len(pattern) if start >= 0 else start):
        char = pattern[place]
        if char == "{":
            depth += 1
        elif char == "," and depth == 1:
            commas.append(place)
        elif char == "}":
            depth -= 1
            if not depth:
                if not commas:
                    break
                edges = [start, *commas, place]
                tails = alternatives(pattern[place + 1 :])
                middles = [pattern[a + 1 : b] for a, b in pairwise(edges)]
                heads = [text for middle in middles for text in alternatives(middle)]
                return list(islice((pattern[:start] + head + tail for head in heads for tail in tails), _MOST + 1))
    if start < 0:
        return [pattern]
    return [pattern[: start + 1] + rest for rest in alternatives(pattern[start + 1 :])]


def _one(pattern: str, groups: Iterator[int]) -> str:
    """A pattern without braces."""
    done, pieces = "", [""]  # pieces: what stands between the stars of the name that is being read
    for part in _PART.findall(pattern):
        if part == "*":
            pieces.append("")
        elif part.startswith("**") or part == "/":
            at_start = pieces == [""] and (not done or done.endswith("/"))
            done += _name(pieces, groups)
            done += "(?:.*/)?" if part == "**/" and at_start else part.replace("**", ".*")
            pieces = [""]
        else:
            pieces[-1] += _character(part)
    return done + _name(pieces, groups)


def _name(pieces: Sequence[str], groups: Iterator[int]) -> str:
    """The pieces with stars between them. A star before another one takes its first match for good, which loses no
    match, since the later star takes whatever is left; so the number of stars costs no backtracking."""
    first, *rest = pieces
    inner = (
        f"(?=(?P<g{number}>[^/]*?{piece}))(?P=g{number})" for piece, number in zip(rest[:-1], groups, strict=False)
    )
    return "".join([first, *inner, *(f"[^/]*{last}" for last in rest[-1:])])


def _character(part: str) -> str:
    if part == "?":
        return "[^/]"
    if len(part) == 1:
        return re.escape(part)
    chosen = part[1:-1]
    denied = "^/" if chosen.startswith("!") and len(chosen) > 1 else ""
    return f"[{denied}{_RANGE.sub(_escaped, chosen[1:] if denied else chosen)}]"


def _escaped(found: re.Match[str]) -> str:
    """One character of a class, or a range: a hyphen that has no character on both sides stands for itself."""
    return "-".join(map(re.escape, (found[0][0], found[0][2]))) if len(found[0]) == 3 else re.escape(found[0])
