"""Are ``~/.aws/credentials`` and ``~/.aws/config`` files that the AWS tools read as they were meant?"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, Fix, failed, passed, warned
from jsobj.doctor.fix import mode_fix, text_fix
from jsobj.errors import JsobjError
from jsobj.identity.aws_files.profile import names, sections_of


def readable(case: Case) -> Finding:
    """Both files parse as botocore parses them: no duplicates, junk lines or byte order marks."""
    errors: list[JsobjError] = []
    for path in _paths(case):
        try:
            sections_of(path)
        except JsobjError as error:
            errors.append(error)
    if errors:
        return failed(
            "; ".join(error.message for error in errors),
            hint=errors[0].hint.removesuffix("; the file was left as it is"),
        )
    existing = [path for path in _paths(case) if path.is_file()]
    count = len(names(case.settings.aws))
    return passed(f"{count} profile(s) in {len(existing)} file(s)", {"files": ", ".join(map(str, existing)) or "none"})


def private(case: Case) -> Finding:
    """Nobody else can read, own or share the files that hold secrets."""
    return judge_privacy([path for path in _paths(case) if path.is_file() and holds(path, b"aws_secret_access_key")])


def judge_privacy(paths: list[Path]) -> Finding:
    """The same for any files with secrets."""
    problems: list[str] = []
    fix: Fix | None = None
    hint = ""
    for path in paths:
        state = path.stat()
        mode = stat.S_IMODE(state.st_mode)
        if state.st_uid != os.geteuid():
            found = f"{path} belongs to another user, who can read and change it"
            return failed(found, hint=f"make it yours: sudo chown $USER {path}")
        if mode & 0o077:
            problems.append(f"{path} can be used by others (mode {mode:04o})")
            fix = fix or mode_fix(path, mode)
            hint = hint or f"chmod 600 {path}, or: jsobj doctor --fix"
        if state.st_nlink > 1:
            problems.append(f"{path} has {state.st_nlink} names (hard links): an edit separates them")
            hint = hint or f"find the other name: find ~ -samefile {path}"
    if problems:
        return warned("; ".join(problems), hint=hint, fix=fix)
    return passed(f"{len(paths)} file(s) with secrets, for you alone")


def sections(case: Case) -> Finding:
    """A section of the config file without ``profile `` is ignored, and its requests go to Amazon."""
    path = case.settings.aws.config
    if path == case.settings.aws.credentials:
        return passed("one file for both")
    chosen = case.profile_choice().name
    found = sections_of(path)
    known = {"default", "plugins", "preview"}
    lost = [s for s in found if s not in known and not s.startswith(("profile ", "sso-session ", "services "))]
    if not lost:
        return passed(f"{len(found)} section(s), all of a kind that the AWS tools know", {"file": str(path)})
    evidence = {"file": str(path), "ignored": ", ".join(f"[{name}]" for name in lost)}
    name = chosen if chosen in lost else lost[0]
    sentence = f"{path}: section [{name}] is ignored by the AWS tools; they read [profile {name}]"
    clash = f"profile {name}" in found
    fix = None if clash else text_fix(f"rename [{name}] to [profile {name}]", path, _renaming(name))
    hint = f"remove [{name}], since [profile {name}] is there too" if clash else "mend it: jsobj doctor --fix"
    if name == chosen and not clash:
        return failed(sentence, evidence, hint=hint, fix=fix)
    return warned(sentence, evidence, hint=hint, fix=fix)


def _renaming(name: str) -> Callable[[bytes | None], bytes]:
    """Only the header's line changes; the reader has proven that there is exactly one such line."""
    header = re.compile(rb"^(\s*)\[" + re.escape(name.encode()) + rb"\]", flags=re.MULTILINE)
    return lambda old: header.sub(lambda match: match[1] + f"[profile {name}]".encode(), old or b"", count=1)


def texts(case: Case) -> Iterator[tuple[Path, str, str, str]]:
    """(file, section, key, value) of every plain value, and of each in a nested block (key ``s3.addressing_style``)."""
    for path in _paths(case):
        for section, keys in sections_of(path).items():
            for key, value in keys.items():
                nested = {"": value} if isinstance(value, str) else {f".{inner}": text for inner, text in value.items()}
                yield from ((path, section, f"{key}{inner}", text) for inner, text in nested.items())


def _paths(case: Case) -> tuple[Path, ...]:
    aws = case.settings.aws
    return (aws.credentials,) if aws.credentials == aws.config else (aws.credentials, aws.config)


def holds(path: Path, *words: bytes) -> bool:
    """Whether a file holds one of these words (small letters); True where it cannot be read."""
    try:
        data = path.read_bytes().lower()
    except OSError:
        return True
    return any(word in data for word in words)
