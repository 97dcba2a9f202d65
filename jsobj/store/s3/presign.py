"""URLs with which one may GET or PUT one object over S3 until they expire: SigV4 in the query, no request made."""

from __future__ import annotations

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.sigv4 import LONGEST_URL, Signer
from jsobj.urls import Origin

_METHODS = frozenset({"GET", "PUT", "HEAD", "DELETE"})


def presigned(signer: Signer, origin: Origin, path: str, *, method: str, seconds: int, now: float | None = None) -> str:
    """The URL of ``path`` (percent-encoded). ``now``: seconds since 1970.

    Raises :class:`JsobjError`: usage (method, length), auth (there is no key to sign with).
    """
    if not signer.access:
        raise JsobjError(
            "presign-no-key", "without a key no URL can be signed", code=ExitCode.AUTH, hint="make one: jsobj ec2-creds"
        )
    if method not in _METHODS:
        raise JsobjError("presign-words", f"no URL can be made for {method}", code=ExitCode.USAGE)
    if not 1 <= seconds <= LONGEST_URL:
        raise JsobjError(
            "presign-length",
            f"a URL cannot last {seconds} s: from one second to 7 days are allowed over S3",
            code=ExitCode.USAGE,
            hint="write --expires 7d or less",
        )
    return f"{origin}{path}?{signer.presigned_query(method, origin.netloc, path, seconds, now=now)}"
