"""The one TLS context of this program: which authorities count, which versions, and that they are checked."""

from __future__ import annotations

import ssl
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError


def tls_context(verify: bool | str) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and host checked (not with False, which the user is warned of at each use).

    Made by hand because ``ssl.create_default_context`` would write the session's keys to ``SSLKEYLOGFILE`` unasked,
    and judges certificates more strictly in one version of Python than in another.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    import certifi

    try:
        bundle = Path(certifi.where() if verify is True else verify).expanduser()
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # ssl.SSLError, for a file that holds no certificates, is one too
        raise JsobjError(
            "ca-file-unusable",
            f"the file of certificate authorities cannot be used: {verify}",
            code=ExitCode.LOCAL,
            context=error.strerror or str(error),
            hint="correct what names it: OS_CACERT, cacert in clouds.yaml, AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE",
        ) from error
    return context
