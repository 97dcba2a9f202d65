"""One small signed (or bare) HTTP request to an object store, for probing: no boto3, no redirects, bounded in time.

Bodies are read up to 64 KiB and XML is searched for a few plain tags by pattern, never handed to a parser: an endpoint
under test may be anything, also hostile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.sigv4 import signed_headers
from jsobj.secret import Secret
from jsobj.urls import Origin

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What signs an S3 request."""

    access: str
    secret: Secret


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
    import urllib3

    headers = {"User-Agent": "jsobj", "Accept-Encoding": "identity"}
    if key is not None:
        headers |= signed_headers("GET", origin.netloc, path, access=key.access, secret=key.secret, region=region)
    pool = urllib3.PoolManager(num_pools=1, **_tls(verify)) if origin.scheme == "https" else urllib3.PoolManager(1)
    try:
        response = pool.request(
            "GET",
            f"{origin}{path}",
            headers=headers,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=urllib3.Retry(total=1, connect=1, read=0, redirect=0, raise_on_redirect=False, backoff_factor=0.2),
            preload_content=False,
            redirect=False,
        )
        body = response.read(MAX_BODY).decode("utf-8", "replace")
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, lower, body)
    except urllib3.exceptions.HTTPError as error:
        raise unreachable(origin, error) from error
    finally:
        pool.clear()


def _tls(verify: bool | str) -> dict[str, Any]:
    import certifi

    if verify is False:
        return {"cert_reqs": "CERT_NONE"}
    return {"cert_reqs": "CERT_REQUIRED", "ca_certs": certifi.where() if verify is True else verify}


def unreachable(origin: Origin, error: BaseException) -> JsobjError:
    """The error for a connection that failed, with the innermost reason."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__ or getattr(seen, "reason", None)) is not None:
        if not isinstance(inner, BaseException):
            break
        seen = inner
    if "certificate" in str(seen).lower() or "SSL" in type(seen).__name__:
        return JsobjError(
            "tls-failed",
            f"{origin} does not prove who it is: TLS failed",
            code=ExitCode.NETWORK,
            context=str(seen),
            hint="if your cloud has its own certificate authority, name it: AWS_CA_BUNDLE=/path/to/ca.pem",
        )
    return JsobjError(
        "endpoint-unreachable",
        f"cannot reach {origin}",
        code=ExitCode.NETWORK,
        context=str(getattr(seen, "strerror", None) or seen),
        hint="check the host and port: jsobj endpoint (without a URL) shows the one in your cloud's catalogue",
    )
