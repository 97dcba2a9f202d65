"""Share tickets: what the other side needs to find what it was given, as one word to paste. No secret is in it.

``jsobj1.`` and base64url of a JSON document, a dot, and the first digits of its SHA-256, so that a ticket that was cut
or changed on its way is recognised. Blanks and line ends that a mail put into it do not matter.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError

_VERSION = "jsobj1"
_ANY_VERSION = re.compile(r"jsobj\d+")
_DIGITS = 10
_MOST = 16_384  # characters


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was given. Times are ISO 8601 in UTC, "" for never.

    ``server``: the object store's origin; ``project``: id of the bucket's project; ``tenants``: whether each project
    has bucket names of its own over S3: ``yes``, ``no``, "" unknown; ``swift``: whether it is a Swift, not a Ceph.
    ``key``: an object, a prefix with a slash at its end, "" for all. ``giver``: in words. ``for_project``,
    ``for_user``: to whom, by id; "" for all of the project.
    """

    id: str
    server: str
    project: str
    bucket: str
    key: str
    access: str
    ends: str
    mechanism: str
    giver: str
    for_project: str
    for_user: str = ""
    tenants: str = ""
    swift: str = ""


_SHORT = {
    "id": "i", "server": "s", "project": "p", "bucket": "b", "key": "k", "access": "a", "ends": "e", "mechanism": "m",
    "giver": "g", "for_project": "w", "for_user": "u", "tenants": "t", "swift": "o",
}  # fmt: skip


def written(ticket: Ticket) -> str:
    """The word to paste."""
    values = {_SHORT[name]: value for name, value in dataclasses.asdict(ticket).items() if value}
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    body = base64.urlsafe_b64encode(text.encode("utf-8", "surrogateescape")).decode().rstrip("=")
    return f"{_VERSION}.{body}.{_digest(body)}"


def read_ticket(typed: str) -> Ticket:
    """The ticket in a pasted text. Raises :class:`JsobjError` (usage), with what is wrong with it."""
    word = re.sub(r"[\s\u200b\ufeff]+", "", typed).strip("<>\"'`")
    version, _, rest = word.partition(".")
    if not _ANY_VERSION.fullmatch(version) or len(word) > _MOST:
        raise _bad("ticket-unknown", "this is no ticket of jsobj share")
    if version != _VERSION:
        raise _bad(
            "ticket-version", f"this ticket is of version {version.removeprefix('jsobj')}, and this jsobj knows 1"
        )
    body, _, digest = rest.partition(".")
    if digest != _digest(body):
        raise _bad("ticket-cut", "the ticket was cut or changed on its way")
    try:
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        long = {short: name for name, short in _SHORT.items()}
        found = {long[short]: value for short, value in values.items() if short in long}
        if not all(isinstance(value, str) for value in found.values()):
            raise TypeError("every field is a text")
        return Ticket(**dict.fromkeys(_SHORT, "") | found)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise _bad("ticket-unknown", "this is no ticket of jsobj share") from error


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_DIGITS]


def _bad(reference: str, message: str) -> JsobjError:
    hint = "paste all of what jsobj share printed behind Ticket, from jsobj1. to its end; blanks in it do no harm"
    return JsobjError(reference, message, code=ExitCode.USAGE, hint=hint)
