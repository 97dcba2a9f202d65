"""The errors for a server that cannot be reached or does not prove who it is."""

from __future__ import annotations

from jsobj.errors import EndpointUnreachable, JsobjError, TlsFailed
from jsobj.net.connection.response_head import WireError
from jsobj.urls import Origin


def tls_failed(origin: Origin, reason: str) -> JsobjError:
    """TLS failed, or the certificate was refused."""
    return TlsFailed(
        f"{origin} does not prove who it is: TLS failed",
        context=reason,
        hint="if your cloud has its own certificate authority, name it: AWS_CA_BUNDLE=/path/to/ca.pem",
    )


def endpoint_unreachable(origin: Origin, reason: str, hint: str) -> JsobjError:
    """No connection, or no answer."""
    return EndpointUnreachable(f"cannot reach {origin}", context=reason, hint=hint)


def request_failed(origin: Origin, error: WireError) -> JsobjError:
    """The error for a single request to an endpoint that the user named."""
    if error.tls:
        return tls_failed(origin, error.reason)
    hint = "check the host and port: jsobj endpoint (without a URL) shows the one in your cloud's catalogue"
    return endpoint_unreachable(origin, error.reason, hint)
