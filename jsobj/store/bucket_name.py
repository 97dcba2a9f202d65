"""Names of buckets and containers: how they are written, and which ones a new bucket may have.

``s3://name`` means the S3 dialect, ``swift://name`` the Swift dialect, a bare name whichever the login allows. The
rules for S3 are AWS's bucket naming rules, which both Ceph RGW (``rgw relaxed s3 bucket names = false``) and Swift's
s3api (``dns_compliant_bucket_names``) apply by default; Swift's own limit is 256 bytes of UTF-8 without ``/``.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError

_S3_CHARS = re.compile(r"[a-z0-9.-]+")
_OF_PROJECT = re.compile(r"([0-9a-f]{32}):(.+)", re.DOTALL)
_SUFFIX_BYTES = 4
_OURS = frozenset({"s3", "swift"})
# Google's and Azure's storage: copied from and to, and read.
FOREIGN = frozenset({"gs", "az"})
# Web servers that are no object stores: read only.
WEB = frozenset({"http", "https"})
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3")


@dataclass(frozen=True, slots=True)
class BucketName:
    """A bucket as typed. ``dialect``: ``s3``, ``swift`` or ``""``."""

    dialect: str
    name: str


def parse_bucket(text: str) -> BucketName:
    """``NAME``, ``s3://NAME`` or ``swift://NAME``, exactly.

    Raises :class:`JsobjError` (usage) for anything else: another scheme, an object, an empty name, a tenant, an ARN.
    """
    dialect, separator, rest = text.partition("://")
    if not separator:
        dialect, rest = "", text
    name = rest.removesuffix("/")
    reason = grammar_fault(dialect, separator, name)
    if reason:
        raise JsobjError(
            "bucket-name-grammar",
            f"'{text[:80]}' is not a bucket: {reason}",
            code=ExitCode.USAGE,
            hint=foreign_hint(dialect) or "write NAME, s3://NAME or swift://NAME",
        )
    return BucketName(dialect, name)


def grammar_fault(dialect: str, separator: str, name: str, *, tenants: bool = False, foreign: bool = False) -> str:
    """Why this cannot name a bucket; "" where it can. ``tenants``: ``project:bucket`` is allowed over S3.

    ``foreign``: so are :data:`FOREIGN`.
    """
    if separator and dialect not in _OURS and not (foreign and dialect in FOREIGN):
        return _other_scheme(dialect, foreign=foreign)
    if not name:
        return "the name is missing"
    if "/" in name:
        return "it names an object, or has too many or too few slashes"
    if name.startswith("arn:"):
        return "ARNs are Amazon's"
    if ":" in name and dialect != "swift":
        if not tenants:
            return "another project's bucket (project:bucket) is not supported yet"
        if name.count(":") > 1 or not all(name.split(":")):
            return "another project's bucket is written project:bucket"
    if any(not ch.isprintable() for ch in name):
        return "it contains a control character"
    if name in {".", ".."}:
        return "it is a folder's name"
    return ""


def _other_scheme(scheme: str, *, foreign: bool) -> str:
    small = scheme.lower()
    if scheme in FOREIGN:
        return f"{scheme}:// is another cloud's, where this is not possible"
    if small != scheme and small in _OURS | FOREIGN:
        return f"{small}:// is written in small letters"
    if small == "file":
        return "it is local, and what is in a bucket is meant"
    known = "s3://, swift://, gs:// nor az://" if foreign else "s3:// nor swift://"
    return f"it begins with neither {known}"


def foreign_hint(scheme: str) -> str:
    """What is possible in another cloud, and with what its own tool does the rest; "" for a scheme of ours."""
    if scheme not in FOREIGN:
        return ""
    tool = {"gs": "gcloud storage", "az": "az storage"}[scheme]
    return f"ls, cat, stat, upload, download, cp, sync and verify work there (jsobj help clouds); for the rest: {tool}"


def with_project(name: str) -> tuple[str, str]:
    """Project and name of ``PROJECT:NAME``, where PROJECT is an id as Keystone gives them (32 hexadecimal digits);
    else "" and all of it: over Swift a name may have colons of its own."""
    match = _OF_PROJECT.fullmatch(name)
    return (match[1], match[2]) if match else ("", name)


def unique(name: str) -> str:
    """``name`` with a short random suffix, since names are shared by all users of most clouds."""
    return f"{name}-{secrets.token_hex(_SUFFIX_BYTES)}"


def check_new_s3(name: str) -> tuple[str, ...]:
    """Refuse a name that S3 servers refuse for a new bucket, with the rule that it breaks (usage); else ()."""
    fault = _s3_fault(name)
    if fault:
        raise JsobjError(
            "bucket-name-rules",
            f"'{name[:80]}' cannot be a new bucket's name: {fault}",
            code=ExitCode.USAGE,
            hint="use 3 to 63 small letters, digits and '-', beginning and ending with a letter or digit",
        )
    return ()


def _s3_fault(name: str) -> str:
    if not 3 <= len(name) <= 63:
        return f"it has {len(name)} characters, and 3 to 63 are allowed"
    if not _S3_CHARS.fullmatch(name):
        return "only small letters, digits, '.' and '-' are allowed (capitals and '_' are not)"
    if not (name[0].isalnum() and name[-1].isalnum()):
        return "it must begin and end with a letter or digit"
    if ".." in name or ".-" in name or "-." in name:
        return "'..', '.-' and '-.' are not allowed"
    with suppress(ValueError):
        ipaddress.IPv4Address(name)
        return "it looks like an IP address"
    if name.startswith(_RESERVED) or name.endswith(_RESERVED_ENDS):
        return "this beginning or end is reserved"
    return ""


def check_new_swift(name: str) -> tuple[str, ...]:
    """Refuse a name that Swift refuses (usage); warnings for a name that S3 tools could not use."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > 256:
        raise JsobjError(
            "bucket-name-rules",
            f"a container's name has at most 256 bytes, and this has {size}",
            code=ExitCode.USAGE,
            hint="choose a shorter name",
        )
    fault = _s3_fault(name)
    return (f"S3 tools will not be able to use '{name}': {fault}",) if fault else ()
