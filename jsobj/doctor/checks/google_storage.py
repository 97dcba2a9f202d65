"""A bucket in Google's storage: the login, a token, and whether it can be listed.

Only where gs:// is asked about: see :mod:`jsobj.doctor.other_clouds`. Nothing is written.
"""

from __future__ import annotations

from contextlib import closing

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, passed, warned
from jsobj.identity.foreign.google import LOG_IN, google_login
from jsobj.net.retry import RetryPolicy
from jsobj.store.foreign.google.open import open_google, tokens_of
from jsobj.store.location import first_of

_TRIES = 2


def login(case: Case) -> Finding:
    """Where the credentials come from. Sends nothing."""
    found = google_login(case.settings)
    evidence = {"from": found.where, "endpoint": found.endpoint} | ({"account": found.who} if found.who else {})
    if found.quota_project:
        evidence["pays"] = f"project {found.quota_project}"
    if found.notice:
        sentence, _, hint = found.notice.partition(": ")
        return warned(sentence, evidence, hint=hint)
    if found.searched:
        evidence |= {"looked in": ", ".join(found.searched), "to log in": LOG_IN}
        return passed("no login was found, so only public data can be read", evidence)
    return passed(found.where, evidence)


def token(case: Case) -> Finding:
    """Whether Google gives a token for them."""
    found = google_login(case.settings)
    if not found.kind:
        return passed("none is needed")
    tokens = tokens_of(case.settings, found)
    tokens.current()  # what it raises is the finding
    if not tokens.renewable:
        return passed("a token was given, and cannot be renewed: it ends after an hour")
    return passed("Google gives a token, and another one when it ends")


def bucket(case: Case) -> Finding:
    """Whether the bucket can be listed."""
    with closing(open_google(case.settings, case.foreign, retry=RetryPolicy(tries=_TRIES))) as store:
        first = first_of(store.list(case.foreign.key, delimiter="/"))
    evidence = {"first name": first.key if first is not None else "none: it is empty"}
    return passed(f"{store.place.url(case.foreign.key)} can be listed", evidence)
