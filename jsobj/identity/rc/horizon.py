r"""The quoting faults of OpenStack's dashboard: which lines of its RC files do not say what the user typed.

Horizon writes RC files from Django templates (``openrc.sh.template`` of *application_credentials* and *api_access*).
Up to 25.x the secret stands unquoted and HTML-escaped; from 26.0.0 values stand in double quotes with a backslash
before each of ``\ ` $ ! ' "`` (``shellfilter.py``), of which bash takes ``\!`` and ``\'`` literally. So what a user
typed is certain, but only in a file that Horizon wrote: :func:`repairs` recognises its templates by their
variables, in their order, and the form of each line, and leaves everything else to be read as bash does. It only looks;
it must not decide what a line means to the rest of the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jsobj.errors import JsobjError
from jsobj.identity.rc.lexer import Text, Word, commands

_SECRET = "OS_APPLICATION_CREDENTIAL_SECRET"  # noqa: S105  the name of a variable, not a secret
_APPLICATION_CREDENTIAL = (
    "OS_AUTH_TYPE",
    "OS_AUTH_URL",
    "OS_IDENTITY_API_VERSION",
    "OS_REGION_NAME",
    "OS_INTERFACE",
    "OS_APPLICATION_CREDENTIAL_ID",
    _SECRET,
)
_PASSWORD = (
    "OS_AUTH_URL",
    "OS_PROJECT_ID",
    "OS_PROJECT_NAME",
    "OS_USER_DOMAIN_NAME",
    "OS_PROJECT_DOMAIN_ID",
    "OS_USERNAME",
    "OS_PASSWORD",
    "OS_REGION_NAME",
    "OS_INTERFACE",
    "OS_IDENTITY_API_VERSION",
)
_TEMPLATES = (
    _APPLICATION_CREDENTIAL,
    _PASSWORD,
    tuple(name for name in _PASSWORD if name != "OS_PROJECT_DOMAIN_ID"),  # before September 2017
)

_MAX_LENGTH = 64 * 1024  # characters; Horizon's files have 2 000, and no others are worth looking through

_EXPORT = re.compile(r"export (OS_[A-Z0-9_]+)=(.*)\Z")
_ANY_OS_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?(OS_[A-Z0-9_]+)=")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*[ \t]*\Z")
_FILTERED = re.compile(r'"((?:[^\\`$!\'"]|\\[\\`$!\'"])*)"[ \t]*\Z')
_FILTER = re.compile(r"\\([\\`$!'\"])")
# What Django's escaping leaves: none of the five characters, and '&' only where an escape begins.
_HTML_ESCAPED = re.compile(r"(?:[^&<>\"']|&(?:amp|lt|gt|quot|#39|#x27);)+\Z")
_READS_PASSWORD = ("$OS_PASSWORD_INPUT", '"$OS_PASSWORD_INPUT"')


@dataclass(frozen=True, slots=True)
class Repair:
    """One line, to be read as ``export NAME='...'`` with the first of ``candidates``, instead of as bash reads it."""

    name: str
    candidates: tuple[str, ...]
    notice: str

    def words(self, line: int) -> tuple[Word, ...]:
        """The words that take the place of the line."""
        assignment = (Text(f"{self.name}=", quoted=False), Text(self.candidates[0], quoted=True))
        return Word((Text("export", quoted=False),), line), Word(assignment, line)


def repairs(text: str, file: str) -> Mapping[int, Repair]:
    """The damaged lines of ``text`` by number (1-based); empty for a file that Horizon did not write, or not damage."""
    if len(text) > _MAX_LENGTH:
        return {}
    lines = dict(enumerate(text.split("\n"), 1))
    found = [(number, match[1]) for number, line in lines.items() if (match := _ANY_OS_LINE.match(line))]
    names = tuple(name for _, name in found)
    template = next((each for each in _TEMPLATES if names[: len(each)] == each), ())
    # A variable that is set a second time was put there by a person.
    if set(template) & set(names[len(template) :]):
        return {}
    repaired: dict[int, Repair] = {}
    for number, name in found[: len(template)]:
        value = _horizons_value(name, lines[number])
        if value is None:
            return {}
        read = _as_bash(lines[number])
        if name != "OS_PASSWORD" and read != value:
            second = lines[number].partition("=")[2].rstrip(" \t") if read is None else read
            notice = (
                f"{file} line {number}: the portal wrote {name} with wrong quoting, which was repaired here; "
                "other tools that source this file will fail, or use a wrong value, until it stands in single quotes"
            )
            repaired[number] = Repair(name, tuple(dict.fromkeys((value, second))), notice)
    return repaired


def _horizons_value(name: str, line: str) -> str | None:
    """What was put into the template to give ``line``; None where Horizon cannot have written it."""
    match = _EXPORT.match(line)
    if not match:
        return None
    raw = match[2]
    if filtered := _FILTERED.match(raw):
        return _FILTER.sub(r"\1", filtered[1])
    if name == _SECRET and _HTML_ESCAPED.match(raw):
        import html  # its table of entities costs start-up time, and only old files need it

        return html.unescape(raw).rstrip(" \t")
    return raw.rstrip(" \t") if _PLAIN.match(raw) or (name == "OS_PASSWORD" and raw in _READS_PASSWORD) else None


def _as_bash(line: str) -> str | None:
    """What bash makes of a line ``export NAME=value``; None where it makes an error or something else."""
    try:
        cut = list(commands(line, "", {}))
    except JsobjError:
        return None
    words = cut[0].words if len(cut) == 1 else ()
    static = words[1].static if len(words) == 2 else None
    return None if static is None else static.partition("=")[2]
