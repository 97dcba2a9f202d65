"""The head of an HTTP request: request line and headers, the same for every kind of client."""

from __future__ import annotations

from collections.abc import Mapping

from jsobj import __version__
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.connection.proxy import proxy_login
from jsobj.urls import Origin


class RequestHead:
    """Writes heads for one server. ``proxy``: the URL of the proxy that is used, "" for none."""

    def __init__(self, origin: Origin, proxy: str, *, agent: str = f"jsobj/{__version__}") -> None:
        # Plain http through a proxy: the request line names the whole URL, and each request logs in.
        absolute = bool(proxy) and origin.scheme == "http"
        login = proxy_login(proxy) if absolute else ""
        self._prefix = str(origin) if absolute else ""
        self._host = f"host: {origin.netloc}\r\n"
        self._fixed = f"user-agent: {agent}\r\n"
        if login:
            self._fixed += f"proxy-authorization: {login}\r\n"
        self._extra = self._fixed.count("\n") - 1  # line breaks in it beyond the one that each item has

    def write(self, method: str, target: str, headers: Mapping[str, str], size: int | None) -> bytes:
        """The head, with the empty line. Header names in small letters; ``size``: of the body, None without one.

        Raises :class:`JsobjError` (usage) for a value with a line break.
        """
        lines = [f"{method} {self._prefix}{target} HTTP/1.1\r\n", self._fixed]
        if "host" not in headers:
            lines.append(self._host)
        if "accept-encoding" not in headers:
            lines.append("accept-encoding: identity\r\n")
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        if size is not None:
            lines.append(f"content-length: {size}\r\n")
        elif method in {"PUT", "POST"}:
            lines.append("content-length: 0\r\n")
        text = "".join(lines)
        expected = len(lines) + self._extra
        if text.count("\n") != expected or text.count("\r") != expected:
            raise JsobjError("header-refused", "a value to send contains a line break", code=ExitCode.USAGE)
        return (text + "\r\n").encode("utf-8", "surrogateescape")
