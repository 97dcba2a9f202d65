"""The way to a server, step by step: name, connection, certificate, proxy. No secret is sent by anything here."""

from __future__ import annotations

import concurrent.futures
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed
from jsobj.doctor.http import CONNECT_SECONDS, ask
from jsobj.errors import JsobjError
from jsobj.net.connection.dial import connect, open_tunnel
from jsobj.net.connection.proxy import Proxy, proxy_for, proxy_login
from jsobj.net.connection.response_head import WireError
from jsobj.urls import Origin, parse_url

RESOLVE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Destination:
    """A server to reach, and how its certificate is to be judged (False, True or a CA file)."""

    service: str
    origin: Origin
    verify: bool | str
    proxy: Proxy | None

    @property
    def first_hop(self) -> tuple[str, int]:
        """Where the connection really goes."""
        return (self.proxy.host, self.proxy.port) if self.proxy else (self.origin.host, self.origin.port)


TargetOf = Callable[[Case], Destination]


def keystone(case: Case) -> Destination:
    """Keystone, as the login names it."""
    source = needed(case.source)
    origin, _ = parse_url(source.auth_url)
    return Destination("Keystone", origin, source.tls, proxy_for(case.settings.environ, origin))


def s3(case: Case) -> Destination:
    """The S3 endpoint, as the profile names it."""
    access = needed(case.access)
    return Destination("S3", access.origin, access.verify, proxy_for(case.settings.environ, access.origin))


def resolve(target_of: TargetOf, case: Case) -> Finding:
    """The host's name has an address."""
    target = target_of(case)
    host, port = target.first_hop
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return passed(f"{host} is an address already")
    try:
        addresses = ", ".join(_look_up(host, port))
    except (OSError, UnicodeError) as error:
        return _unresolved(target, host, error)
    return passed(f"{host} is {addresses}", {"addresses": addresses})


def _look_up(host: str, port: int) -> list[str]:
    """The addresses. In a thread, given up after a while: without a network a resolver may take half a minute."""
    answer: concurrent.futures.Future[list[str]] = concurrent.futures.Future()

    def look() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(str(item[4][0]) for item in found)))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=look, name="doctor-resolver", daemon=True).start()
    try:
        return answer.result(RESOLVE_SECONDS)
    except concurrent.futures.TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, f"no answer within {RESOLVE_SECONDS:.0f} seconds") from None


def _unresolved(target: Destination, host: str, error: Exception) -> Finding:
    reason = str(getattr(error, "strerror", None) or error)
    evidence = {"host": host, "seen": reason}
    if target.proxy:
        sentence = f"the proxy's name {host} ({target.proxy.variable}) has no address: {reason}"
        return failed(sentence, evidence, hint=f"correct {target.proxy.variable}, or: unset {target.proxy.variable}")
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        sentence = f"no name server answers: is this computer on the network? ({host}: {reason})"
        return failed(sentence, evidence, hint="check the network: ip addr; cat /etc/resolv.conf")
    sentence = f"the name {host} has no address: {reason}"
    return failed(sentence, evidence, hint=f"look for a typing error in the address of {target.service}")


def reach(target_of: TargetOf, case: Case) -> Finding:
    """A server listens there."""
    target = target_of(case)
    host, port = target.first_hop
    began = time.monotonic()
    try:
        connect((host, port), CONNECT_SECONDS).close()
    except WireError as error:
        return _unconnected(target, error)
    milliseconds = f"{(time.monotonic() - began) * 1000:.0f} ms"
    through = f" (the proxy of {target.proxy.variable})" if target.proxy else ""
    return passed(f"{host} port {port}{through} accepts a connection", {"time to connect": milliseconds})


def _unconnected(target: Destination, error: WireError) -> Finding:
    host, port = target.first_hop
    evidence = {"host": host, "port": str(port), "seen": error.reason}
    if target.proxy:
        variable = target.proxy.variable
        sentence = f"the proxy {host} port {port} named by {variable} does not accept a connection: {error.reason}"
        return failed(sentence, evidence, hint=_other_proxy(variable, target.origin.host))
    if isinstance(error.__cause__, ConnectionRefusedError):
        hint = f"check the port in the address of {target.service}; if it is right, the service is down: try later"
    else:
        hint = "a firewall may drop it, or this network needs a proxy (HTTPS_PROXY): ask your network's help desk"
    return failed(f"{host} port {port} does not accept a connection: {error.reason}", evidence, hint=hint)


def _other_proxy(variable: str, host: str) -> str:
    return f"correct {variable}, or for this host: export NO_PROXY={host}"


def proxies(case: Case) -> Finding:
    """The proxies that apply let us through; one check for both servers, since it is one cause."""
    targets = [keystone(case)] if case.source else []
    targets += [s3(case)] if case.access else []
    through = [(target, target.proxy) for target in targets if target.proxy]
    if not through:
        return passed("no proxy is used")
    evidence: dict[str, str] = {}
    for target, proxy in through:
        evidence[f"{target.service} through {proxy.variable}"] = f"{proxy.host}:{proxy.port}"
        if what := _objection(case, target):
            host = target.origin.netloc
            sentence = f"the proxy {proxy.host}:{proxy.port}, named by {proxy.variable}, blocks {host}: {what}"
            return failed(sentence, evidence, hint=_other_proxy(proxy.variable, host))
    return passed(f"the proxy named by {through[0][1].variable} lets us through", evidence)


def _objection(case: Case, target: Destination) -> str:
    """What is wrong with how the proxy answers; "" where nothing is."""
    if target.origin.scheme == "https":
        try:
            open_way(target).close()
        except WireError as error:
            return error.reason
        return ""
    try:
        reply = ask(case, target.origin)
    except JsobjError as error:
        return error.context
    if reply.status in {407, 502, 503, 504}:
        return f"it answers {reply.status} {reply.reason}"[:120]
    # An object store's own pages are HTML too, but they carry its request id.
    foreign = reply.media_type == "text/html" and not reply.request_id
    return "it answers with a web page of its own" if foreign else ""


def open_way(target: Destination) -> socket.socket:
    """A connection on which the server of an https address speaks next. Raises :class:`WireError`."""
    with contextlib.ExitStack() as failure:
        connection = failure.enter_context(connect(target.first_hop, CONNECT_SECONDS))
        if target.proxy is not None:
            open_tunnel(connection, target.origin, proxy_login(target.proxy.url))
        failure.pop_all()
        return connection
