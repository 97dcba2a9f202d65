"""Check of the filesystem's keyword arguments."""

from __future__ import annotations

from typing import Any

from jsobj.errors import ExitCode, JsobjError

_FSSPEC = {"asynchronous", "batch_size", "listings_expiry_time", "loop", "max_paths", "use_listings_cache"}


def require_known(options: dict[str, Any]) -> None:
    """Refuse unknown options: a misspelt ``cloud`` means another login, and a secret would be pickled."""
    unknown = sorted(set(options) - _FSSPEC)
    if not unknown:
        return
    secret = {"auth", "key", "password", "secret", "token"} & set(unknown)
    raise JsobjError(
        "option-unknown",
        f"this filesystem has no option '{unknown[0]}'",
        code=ExitCode.USAGE,
        context="its options are cloud, profile, unsigned (or anon), endpoint, parallel and fsspec's own",
        hint="name a login instead of giving its secret: cloud='NAME', made by jsobj login"
        if secret
        else "see: jsobj help keyless",
    )
