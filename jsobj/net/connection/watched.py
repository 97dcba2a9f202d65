"""Requests of SDKs: the log says so while one of them takes long, as it does for our own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from jsobj.net.connection.patience import AGAIN, NOTICE_SECONDS, say_waiting


@contextmanager
def watching(server: str) -> Iterator[None]:
    """Say so while the body, which is one request of an SDK, takes long."""
    over = threading.Event()

    def tell() -> None:
        waited, due = 0.0, NOTICE_SECONDS
        while not over.wait(due - waited):
            waited = due
            say_waiting(server, waited)
            due += AGAIN - due % AGAIN

    thread = threading.Thread(target=tell, name="watching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def watch_requests(session: Any) -> None:
    """Say so of every request of a ``requests.Session`` that takes long."""
    from requests.adapters import HTTPAdapter

    class Watched(HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            with watching(urlsplit(request.url).netloc):
                return super().send(request, *args, **kwargs)

    for scheme in ("http://", "https://"):
        session.mount(scheme, Watched())


def watch_boto(client: Any, server: str) -> None:
    """Say so of every request of a boto3 client that takes long."""
    held = threading.local()

    def begin(**_: Any) -> None:
        held.watch = watching(server)
        held.watch.__enter__()

    def end(**_: Any) -> None:  # always emitted, by the same thread
        held.watch.__exit__(None, None, None)

    client.meta.events.register("before-send", begin)
    client.meta.events.register("response-received", end)
