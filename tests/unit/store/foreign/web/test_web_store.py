"""A web server's store that is stopped: no connection to any server is opened, also to none that a redirect names."""

from __future__ import annotations

import contextlib
import socket

import pytest

from jsobj.errors import JsobjError
from jsobj.net.request import Request
from jsobj.store.foreign.web.store import WebStore
from jsobj.urls import Origin


def test_a_redirect_that_came_just_before_leads_nowhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("127.0.0.1", 0)) as there:
        first, second = (Origin("http", "127.0.0.1", each.getsockname()[1]) for each in (here, there))
        with contextlib.closing(WebStore(first)) as store:
            store.stop()
            for origin in (first, second):
                with pytest.raises(JsobjError):
                    store._session_of(origin).send(Request("GET", "/file"))
        for each in (here, there):
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.accept()
