"""What an S3 endpoint says: single requests to it, signed or not, and the one reader of ListBuckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jsobj.identity.settings import process_environment
from jsobj.net.client import MAX_BODY, HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.errors import request_failed
from jsobj.net.request import Reply
from jsobj.net.sigv4 import KeyPair, signed_headers
from jsobj.net.xml import XmlError, parse
from jsobj.units import iso_time
from jsobj.urls import Origin

READ_SECONDS = 15.0
SMALL_BODY = 64 * 1024  # bytes of an answer that says which server this is; it may be anything, also hostile
_ROOT = "ListAllMyBucketsResult"


@dataclass(frozen=True, slots=True)
class BucketList:
    """The answer to ListBuckets. ``buckets``: name and time of creation (None where it is not known)."""

    owner: str
    buckets: tuple[tuple[str, datetime | None], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the server's order."""
        return tuple(name for name, _ in self.buckets)


def read_buckets(reply: Reply) -> BucketList | None:
    """The list in an answer to ListBuckets; None where it holds none."""
    if reply.status != 200:
        return None
    try:
        document = parse(reply.body.lstrip(), frozenset({_ROOT}), frozenset({"Bucket", "Owner"}), within="Buckets")
    except XmlError:
        return None
    owner = next((fields.get("ID", "") for kind, fields in document.records if kind == "Owner"), "")
    entries = [fields for kind, fields in document.records if kind == "Bucket" and fields.get("Name")]
    return BucketList(owner, tuple((fields["Name"], iso_time(fields.get("CreationDate"))) for fields in entries))


def get(
    origin: Origin,
    path: str = "/",
    *,
    key: KeyPair | None = None,
    region: str = "us-east-1",
    verify: bool | str = True,
    environ: Mapping[str, str] | None = None,
) -> Reply:
    """GET ``path``; signed with SigV4 where a key is given.

    ``environ`` names the proxies; without it, this process's environment does. Raises :class:`JsobjError` (network)
    where nothing usable comes back.
    """
    client = HttpClient(process_environment() if environ is None else environ, verify, read_seconds=READ_SECONDS)
    headers: Mapping[str, str] = {}
    if key is not None:
        headers = signed_headers("GET", origin.netloc, path, access=key.access, secret=key.secret, region=region)
    try:
        return client.send("GET", f"{origin}{path}", headers=headers, max_body=MAX_BODY if key else SMALL_BODY)
    except WireError as error:
        raise request_failed(origin, error) from error
    finally:
        client.close()
