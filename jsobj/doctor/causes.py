"""Looks errors up in ``causes.ini`` and ``references.ini``: by code, by the text of a message, or nearly."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources

from jsobj.errors import ExitCode, JsobjError, did_you_mean


@dataclass(frozen=True, slots=True)
class Cause:
    """One error: what it means on Ceph RGW and on OpenStack Swift, or everywhere (``cause``); which check looks for it;
    what to do."""

    code: str
    ceph: str
    swift: str
    check: str
    hint: str
    marks: tuple[str, ...] = ()
    cause: str = ""


def _cause(row: configparser.SectionProxy) -> Cause:
    texts = {name: " ".join(row[name].split()) for name in ("ceph", "swift", "check", "hint")}
    return Cause(row.name, **texts, marks=tuple(row["marks"].strip().splitlines()))


def _read(name: str) -> configparser.ConfigParser:
    table = configparser.ConfigParser(comment_prefixes=(";",), delimiters=("=",))
    table.read_string(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return table


def _reference(name: str, line: str) -> Cause:
    cause, hint, check = (part.strip() for part in line.split(" | "))
    return Cause(name, "", "", check, hint, cause=cause)


_TABLE = _read("causes.ini")
CAUSES = (
    *(_cause(_TABLE[code]) for code in _TABLE.sections()),
    *(_reference(*row) for row in _read("references.ini")["references"].items()),
)
_LONGEST = 20_000  # characters of a pasted message that are looked at


def explain(words: str) -> tuple[Cause, ...]:
    """The causes that a code or a pasted message stands for, best first.

    Raises :class:`JsobjError` (not found) with near matches for what is not in the table.
    """
    text = " ".join(words[:_LONGEST].split()).lower()
    exact = tuple(cause for cause in CAUSES if cause.code.lower() == text)
    if exact:
        return exact
    found = [cause for cause in CAUSES if _holds(text, cause)]
    if found:
        # A code in the message says more than a phrase in it, and a long code more than a short one.
        return tuple(sorted(found, key=lambda cause: (cause.code.lower() not in text, -len(cause.code))))
    hint = did_you_mean(text, (cause.code for cause in CAUSES), most=3, cutoff=0.5)
    raise JsobjError(
        "error-unknown",
        f"'{words[:80]}' is not in the table of errors",
        code=ExitCode.NOT_FOUND,
        hint=f"{hint}jsobj explain (without words) lists all; jsobj doctor looks at your own setup",
    )


def _holds(text: str, cause: Cause) -> bool:
    code = cause.code.lower()
    if code.isdigit():
        said = any(f"{mark}{code}" in text for mark in ("http ", "(", "status ", "code ", "error "))
        return said or f"{code} {HTTPStatus(int(code)).phrase.lower()}" in text or _marked(text, cause)
    if cause.cause:  # a reference: "usage" and "bug" are words of other messages too
        return bool(re.search(rf"(?<![\w-]){code}(?![\w-])" if "-" in code else rf"\[{code}]", text))
    return code in text or _marked(text, cause)


def _marked(text: str, cause: Cause) -> bool:
    return any(mark in text for mark in cause.marks)


def hint_for(code: str) -> str:
    """What to do after an S3 code, for the checks; general advice for one that is not in the table."""
    found = next((cause for cause in CAUSES if cause.code == code), None)
    return found.hint if found else "try again in a minute; then give the request id to the cloud's help desk"
