"""One small signed (or bare) HTTP request to an object store, for probing: no boto3, no redirects, bounded in time.

Bodies are read up to 64 KiB and XML is searched for a few plain tags by pattern, never handed to a parser: an endpoint
under test may be anything, also hostile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.errors import EndpointUnreachable, JsobjError, TlsFailed
from jsobj.net.sigv4 import KeyPair
from jsobj.urls import Origin

if TYPE_CHECKING:  # whoever only needs a key pair is spared the HTTP client
    from jsobj.identity.http import TransportError

READ_SECONDS = 15.0
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str

    def tag(self, name: str) -> str:
        """The text of the first ``<name>`` in an XML body; "" without one."""
        match = re.search(rf"<{name}>([^<]{{0,1024}})</{name}>", self.body)
        return match[1] if match else ""

    @property
    def s3_code(self) -> str:
        """S3's error code (``AccessDenied``), "" where the body is no S3 error."""
        return self.tag("Code") if "<Error>" in self.body else ""

    @property
    def request_id(self) -> str:
        """The id to give to a help desk."""
        names = ("x-amz-request-id", "x-trans-id", "x-openstack-request-id")
        return next((self.headers[name] for name in names if name in self.headers), "")


def get(
    origin: Origin, path: str = "/", *, key: KeyPair | None = None, region: str = "us-east-1", verify: bool | str = True
) -> Answer:
    """GET ``path``; signed with SigV4 where a key is given.

    Raises :class:`JsobjError` (network) where nothing usable comes back.
    """
    from jsobj.identity.http import HttpClient, TransportError
    from jsobj.net.sigv4 import signed_headers

    headers: dict[str, str] = {}
    if key is not None:
        headers |= signed_headers("GET", origin.netloc, path, access=key.access, secret=key.secret, region=region)
    client = HttpClient(verify, read_seconds=READ_SECONDS)
    try:
        reply = client.send("GET", f"{origin}{path}", headers=headers, max_body=MAX_BODY)
    except TransportError as error:
        raise unreachable(origin, error) from error
    finally:
        client.close()
    return Answer(reply.status, reply.headers, reply.body.decode("utf-8", "replace"))


def unreachable(origin: Origin, error: TransportError) -> JsobjError:
    """The error for a connection that failed."""
    if error.tls:
        return TlsFailed(
            f"{origin} does not prove who it is: TLS failed",
            context=error.reason,
            hint="if your cloud has its own certificate authority, name it: AWS_CA_BUNDLE=/path/to/ca.pem",
        )
    return EndpointUnreachable(
        f"cannot reach {origin}",
        context=error.reason,
        hint="check the host and port: jsobj endpoint (without a URL) shows the one in your cloud's catalogue",
    )
