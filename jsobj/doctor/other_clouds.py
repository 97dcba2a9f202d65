"""The checks of other clouds. They run instead of ours where ``--bucket`` names a place of theirs, and never else.

What writes is left out until it is named: containers of others are looked at, and as a rule only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jsobj.doctor.check import Check
from jsobj.doctor.checks import azure_storage, google_storage
from jsobj.doctor.registry import CHECKS as OURS
from jsobj.errors import BadUsage
from jsobj.store.location import Location

_SHARED = ("env-proxy", "env-ca")  # what stands before every server
_check = partial(Check, layer="other-clouds", seconds=60)

# By the scheme of their URLs.
CHECKS: dict[str, tuple[Check, ...]] = {
    "az": (
        _check("azure-file", title="Who can read ~/.azure/config", run=azure_storage.private),
        _check("azure-login", title="The login for Azure", run=azure_storage.login),
        _check(
            "azure-container", title="The container can be listed", run=azure_storage.listing, needs=("azure-login",)
        ),
        _check(
            "azure-write",
            title="A blob written, read, deleted",
            run=azure_storage.writing,
            needs=("azure-container",),
            writes=True,
        ),
    ),
    "gs": (
        _check("google-login", title="The login at Google", run=google_storage.login),
        _check("google-token", title="Google gives a token", run=google_storage.token, needs=("google-login",)),
        _check("google-bucket", title="The bucket can be listed", run=google_storage.bucket, needs=("google-token",)),
    ),
}


def checks_for(location: Location, words: Sequence[str] = ()) -> tuple[Check, ...]:
    """The checks of the cloud in which ``location`` is; ``words``: those that are named.

    Raises :class:`BadUsage` for a cloud that has none.
    """
    own = CHECKS.get(location.dialect)
    if own is None:
        raise BadUsage(f"there are no checks for {location.dialect}://", hint="see: jsobj help clouds")
    shared = tuple(check for check in OURS if check.id in _SHARED)
    return (*shared, *(check for check in own if not check.writes or {check.id, check.layer} & set(words)))
