"""Merges a configuration into existing files: other content stays, and another setup is not replaced."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jsobj.atomic import Change, edit_private_file
from jsobj.errors import ExitCode, JsobjError
from jsobj.export.configuration import Branch, CloudEntry, Configuration, Part, Section, Variables, Whole
from jsobj.export.render import cloud_entry, grafted, part_text, revealed, unset_lines, variable_line
from jsobj.identity.aws_files import ini_edit
from jsobj.identity.clouds_yaml import edit
from jsobj.redaction import redact_assignment
from jsobj.secret import Secret

_OVERWRITE = "to replace it (a backup is kept): --overwrite; or write elsewhere: --file FILE"
# Keys that tell whose a setup is, where it consists of variables.
_MARKS = frozenset(
    {
        *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "OS_AUTH_URL", "OS_APPLICATION_CREDENTIAL_ID"),
        *("OS_USERNAME", "OS_USER_ID", "OS_PROJECT_NAME", "OS_PROJECT_ID"),
    }
)
_NONE: frozenset[str] = frozenset()
_ASSIGNMENT = re.compile(r"\s*(?:export\s+|\$Env:)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_UNSETTING = re.compile(r"\s*(?:unset|Remove-Item)\s+(.*)")


@dataclass(frozen=True, slots=True)
class Merge:
    """What is to happen with one file. ``diff`` shows it, without a secret."""

    path: Path
    parts: tuple[Part, ...]
    diff: str
    changes: bool


def plan(
    configuration: Configuration, place: Callable[[str], Path], *, overwrite: bool, dead: frozenset[str] = _NONE
) -> tuple[Merge, ...]:
    """What writing would do, file by file; ``place`` makes a path of a part's ``path``.
    ``dead``: keys that were rotated away, whose setup is this one's predecessor and no other.

    Raises :class:`JsobjError`: refused where another setup has the name, local for a file that cannot be read or
    understood.
    """
    files: dict[Path, list[Part]] = {}
    for part in configuration.parts:
        files.setdefault(place(part.path), []).append(part)
    merges = []
    for path, parts in files.items():
        before = _read(path)
        after = _merged(path, before, parts, overwrite=overwrite, dead=dead)
        merges.append(Merge(path, tuple(parts), _diff(path, before, after, parts), before != after))
    return tuple(merges)


def write(merge: Merge, *, overwrite: bool, dead: frozenset[str] = _NONE) -> Change:
    """Write it, atomically and with mode 0600; the old file is kept as a backup. Raises as :func:`plan`."""
    return edit_private_file(
        merge.path, lambda before: _merged(merge.path, before, merge.parts, overwrite=overwrite, dead=dead), backup=True
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JsobjError(
            "file-unreadable",
            f"{path} cannot be read: {error.strerror}",
            code=ExitCode.LOCAL,
            hint=f"look at its owner and mode: ls -l {path}",
        ) from error


def _merged(path: Path, before: bytes | None, parts: Iterable[Part], *, overwrite: bool, dead: frozenset[str]) -> bytes:
    for part in parts:
        before = _MERGERS[type(part)](path, before, part, overwrite=overwrite, dead=dead)
    return before or b""


def _with_section(path: Path, before: bytes | None, part: Section, *, overwrite: bool, dead: frozenset[str]) -> bytes:
    if before is not None and b"RCLONE_ENCRYPT" in before:
        raise JsobjError(
            "file-encrypted",
            f"{path} is encrypted",
            code=ExitCode.LOCAL,
            hint="print the section and add it by hand: jsobj export rclone --stdout; then rclone config",
        )
    values = {
        name: dict(value) if isinstance(value, Mapping) else revealed(value) for name, value in part.pairs.items()
    }
    held = ini_edit.section(before or b"", part.header, source=str(path)) or {}
    differing = [name for name in part.keys if name in held and held[name] not in (values[name], *dead)]
    differing += [name for name in part.unset if name in held]
    if differing and not overwrite:
        raise _taken(path, f"[{part.header}]", differing)
    return ini_edit.set_section(before, part.header, values, remove=part.unset, source=str(path))


def _with_branch(path: Path, before: bytes | None, part: Branch, *, overwrite: bool, dead: frozenset[str]) -> bytes:
    document = _json(path, before)
    value = {name: revealed(word) for name, word in part.pairs.items()}
    held: object = document
    for step in part.route:
        held = held.get(step) if isinstance(held, dict) else None
    known = held if isinstance(held, dict) else {}
    if held not in (None, value) and not overwrite and not dead.intersection(map(str, known.values())):
        raise _taken(path, ".".join(part.route), [name for name in value if known.get(name) != value[name]])
    if held == value:
        return before or b""
    return (json.dumps(grafted(document, part, value), indent="\t", ensure_ascii=False) + "\n").encode()


def _json(path: Path, before: bytes | None) -> dict[str, object]:
    if not before:
        return {}
    try:
        document = json.loads(before)
    except (ValueError, RecursionError) as error:
        raise JsobjError(
            "json-malformed",
            f"{path} is not valid JSON",
            code=ExitCode.LOCAL,
            hint=f"correct it or move it away: {path}",
        ) from error
    if not isinstance(document, dict):
        raise JsobjError("json-malformed", f"{path} is not a JSON object", code=ExitCode.LOCAL, hint="move it away")
    return document


def _with_variables(
    path: Path, before: bytes | None, part: Variables, *, overwrite: bool, dead: frozenset[str]
) -> bytes:
    wanted = {name: variable_line(name, revealed(word), part.style) for name, word in part.pairs.items()}
    try:
        lines = (before or b"").decode().splitlines()
    except UnicodeDecodeError as error:
        raise JsobjError("file-not-text", f"{path} is not UTF-8 text", code=ExitCode.LOCAL) from error
    left = dict(wanted)
    kept = []
    for line in lines:
        name = match[1] if (match := _ASSIGNMENT.match(line)) else ""
        other = name in _MARKS & wanted.keys() and line.strip() != wanted[name] and not _names_any(line, dead)
        if (name in part.unset or other) and not overwrite:
            raise _taken(path, "what is there", [name])
        if name in wanted:
            kept.append(wanted[name])
            left.pop(name, None)
        elif name not in part.unset and not _unsets(line, wanted):
            kept.append(line)
    # No line that stays sets one of these, so their place does not matter.
    added = [line for line in unset_lines(part) if line not in kept]
    return ("\n".join([*kept, *added, *left.values()]) + "\n").encode()


def _names_any(text: str, keys: frozenset[str]) -> bool:
    return any(key in text for key in keys)


def _unsets(line: str, names: Mapping[str, str]) -> bool:
    """Whether the line, written for another kind of login, would take one of these variables away."""
    match = _UNSETTING.match(line)
    return match is not None and bool(names.keys() & set(re.findall(r"\w+", match[1])))


def _with_whole(path: Path, before: bytes | None, part: Whole, *, overwrite: bool, dead: frozenset[str]) -> bytes:
    after = part_text(part, secrets=True).encode()
    if before not in (None, after) and not overwrite and not _names_any((before or b"").decode("latin-1"), dead):
        raise _taken(path, "the file", [])
    return after


def _with_cloud(path: Path, before: bytes | None, part: CloudEntry, *, overwrite: bool, dead: frozenset[str]) -> bytes:
    after = edit.set_cloud(before, part.name, cloud_entry(part, revealed), source=str(path))
    taken = part.name in edit.cloud_names(before, source=str(path))
    if taken and after != before and not overwrite:
        raise _taken(path, f"cloud '{part.name}'", [])
    return after


def _taken(path: Path, what: str, names: list[str]) -> JsobjError:
    differing = f" ({', '.join(names)})" if names else ""
    return JsobjError(
        "export-would-replace",
        f"{path}: {what} holds another setup{differing} and was left alone",
        code=ExitCode.REFUSED,
        hint=f"give this one another name: --as NAME; {_OVERWRITE}",
    )


def _diff(path: Path, before: bytes | None, after: bytes, parts: list[Part]) -> str:
    """The lines that change, and no others: those around them may hold other secrets."""
    if before == after:
        return ""
    old, new = ((data or b"").decode(errors="replace").splitlines() for data in (before, after))
    if any(_replaces(part, before, path) for part in parts):  # any old line may be a secret
        old = ["(the old text)"] if before is not None else []
        new = [line for part in parts for line in part_text(part, secrets=False).splitlines()]
    name = str(path) if before is not None else "/dev/null"
    lines = difflib.unified_diff(old, new, name, str(path), lineterm="", n=0)
    return "\n".join(_masked(line, parts) for line in lines)


def _replaces(part: Part, before: bytes | None, path: Path) -> bool:
    """Whether this takes the place of text that is not known line by line."""
    if isinstance(part, CloudEntry):
        return part.name in edit.cloud_names(before, source=str(path))
    return isinstance(part, Whole)


def _masked(line: str, parts: list[Part]) -> str:
    for part in parts:
        words = part.pieces if isinstance(part, Whole) else part.pairs.values()
        for secret in (word for word in words if isinstance(word, Secret)):
            line = line.replace(secret.reveal(), str(secret))
        others = part.unset if isinstance(part, (Section, Variables)) else ()
        for name in (*others, *(name for name, word in part.pairs.items() if isinstance(word, Secret))):
            line = redact_assignment(line, rf"\b{re.escape(name)}")
    return line


_MERGERS: dict[type[Part], Callable[..., bytes]] = {
    Section: _with_section,
    Branch: _with_branch,
    Variables: _with_variables,
    Whole: _with_whole,
    CloudEntry: _with_cloud,
}
