"""``--debug``: what the libraries do on the wire, on stderr, without secrets.

Only loggers that write request lines are opened; those that write headers, bodies or signatures (``botocore.auth``,
``botocore.endpoint``, ``swiftclient``) stay shut. Whatever still looks like a secret is masked on the way out.
"""

from __future__ import annotations

import logging
from typing import TextIO

from jsobj.redaction import redact

_OPEN = ("jsobj", "keystoneauth.session", "keystoneauth.discovery", "urllib3.connectionpool")


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def open_debug_log(stream: TextIO) -> None:
    """Send the request lines of the libraries to ``stream`` from now on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Redacting("debug: %(name)s: %(message)s"))
    for name in _OPEN:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
