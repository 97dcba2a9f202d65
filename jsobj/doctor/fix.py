"""Fixes: made with the diff that shows them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from jsobj.doctor.check import Fix
from jsobj.identity.aws_files import ini_edit
from jsobj.identity.aws_files.ini_read import Value
from jsobj.redaction import redact_assignment

_SECRET_NAME = r"(?:secret|token|password)[^\s=:]*"  # noqa: S105  what names look like, not a secret


def text_fix(title: str, path: Path, edit: Callable[[bytes | None], bytes]) -> Fix:
    """A fix that changes what is in the file. ``edit`` is tried on the file as it is now, for the diff."""
    old = path.read_bytes()
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, edit(old)))
    # No context lines: the neighbours of a changed line may hold secrets.
    lines = difflib.unified_diff(before, after, str(path), f"{path} (mended)", lineterm="", n=0)
    return Fix(title, path, "\n".join(redact_assignment(line, _SECRET_NAME) for line in lines), edit)


def mode_fix(path: Path, mode: int) -> Fix:
    """A fix that only takes the permissions of others away: writing a private file does that by itself."""
    diff = f"- {mode:04o} {path}\n+ 0600 {path}"
    return Fix(f"chmod 600 {path}", path, diff, lambda old: old or b"")


def setting_fix(title: str, path: Path, section: str, wanted: Mapping[str, Value]) -> Fix:
    """A fix that sets keys in one section of an AWS file."""

    def edit(old: bytes | None) -> bytes:
        return ini_edit.set_section(old, section, wanted, source=str(path))

    return text_fix(f"{path}, [{section}]: {title}", path, edit)
