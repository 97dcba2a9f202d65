"""``--debug``: what the libraries do on the wire, on stderr, without secrets.

Only loggers that write request lines are opened; those that write headers, bodies or signatures (``botocore.auth``,
``botocore.endpoint``, ``swiftclient``) stay shut. Whatever still looks like a secret is masked on the way out.
"""

from __future__ import annotations

import logging
import re
from typing import TextIO

from jsobj.secret import MASK

_OPEN = ("jsobj", "keystoneauth.session", "keystoneauth.discovery", "urllib3.connectionpool")
_PATTERNS = (
    re.compile(
        r"(?i)((?:x-auth-token|x-subject-token|authorization|x-service-token|[\w-]*temp-url-key(?:-2)?)\W{0,4})[^\s,'\"}]+"
    ),
    re.compile(r"(?i)(\"?(?:password|secret|token|passcode|aws_secret_access_key)\"?\s*[:=]\s*\"?)[^\s,'\"}&]+"),
    re.compile(r"(?i)((?:X-Amz-Signature|X-Amz-Credential|Signature|temp_url_sig)=)[^&\s'\"]+"),
    re.compile(r"()gAAAAA[\w=-]{20,}"),
)


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{MASK}", text)
        return text


def open_debug_log(stream: TextIO) -> None:
    """Send the request lines of the libraries to ``stream`` from now on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting("debug: %(name)s: %(message)s"))
    for name in _OPEN:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
