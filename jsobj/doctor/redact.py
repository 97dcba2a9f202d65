"""Taking secrets out of text that leaves the machine: known ones by value, unknown ones by their looks.

What is found here should never have come this far; this is the second lock, not the first.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from jsobj.doctor.case import Case
from jsobj.errors import JsobjError
from jsobj.identity.aws_files.profile import names, read_profile
from jsobj.redaction import redact
from jsobj.secret import MASK

_SECRET_NAME = re.compile(r"(?i)(SECRET|PASSWORD|TOKEN|PASSCODE|STORAGE_KEY|CONNECTION_STRING)")
_SHORTEST = 4  # characters; masking shorter ones would eat ordinary words


class Mask:
    """``mask(text)``: the text without secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Every known secret, and what looks like one, replaced."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return redact(text)


def mask_for(case: Case) -> Mask:
    """A mask for every secret that this run could have met."""
    return Mask(_secrets(case))


def _secrets(case: Case) -> Iterator[str]:
    yield from (value for name, value in case.settings.environ.items() if _SECRET_NAME.search(name))
    for values in case.source.secrets.values() if case.source else ():
        yield from (secret.reveal() for secret in values)
    if case.access:
        yield case.access.key.secret.reveal()
    with contextlib.suppress(JsobjError):
        for name in names(case.settings.aws):
            profile = read_profile(case.settings.aws, name)
            if profile:
                yield profile.secret.reveal()


def _forms(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode().rstrip("=")
    return {secret, quote(secret, safe="", errors="surrogateescape"), encoded}
