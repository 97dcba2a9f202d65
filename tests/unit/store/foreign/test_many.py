"""A list of addresses at many servers that is stopped: no server is asked any more, also none that was not before."""

from __future__ import annotations

from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.foreign.many import Entry, ManyStore
from jsobj.store.location import Location
from jsobj.store.values import ObjectInfo

ENTRIES = {f"{number:03}": Entry(Location("web", f"host-{number}", "file")) for number in range(100)}


class Server:
    """The store of one server, which has the file unless it was stopped."""

    session: Any = None

    def __init__(self) -> None:
        self.stopped = False

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        if self.stopped:
            raise JsobjError("store-trouble", "stopped", code=ExitCode.NETWORK)
        return ObjectInfo(key, 5, "")

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(name="opened")
def _opened() -> list[Any]:
    return []


@pytest.fixture(name="many")
def _many(opened: list[Any]) -> ManyStore:
    def open_one(location: Location) -> Any:
        opened.append(Server())
        return opened[-1]

    return ManyStore("urls.txt", ENTRIES, open_one)


def test_nothing_is_opened_after_a_stop(many: ManyStore, opened: list[Any]) -> None:
    listing = many.list()
    assert next(listing).key == "000"
    many.stop()
    with pytest.raises(JsobjError):
        next(listing)
    assert len(opened) == 1
    assert opened[0].stopped


def test_what_is_being_opened_meanwhile_is_stopped(opened: list[Any]) -> None:
    def open_one(location: Location) -> Any:
        opened.append(Server())
        if len(opened) == 2:
            many.stop()
        return opened[-1]

    many = ManyStore("urls.txt", ENTRIES, open_one)
    with pytest.raises(JsobjError, match="stopped"):
        many.head("001")
    assert [server.stopped for server in opened] == [True, True]


def test_one_that_cannot_be_looked_at_is_listed_by_its_name(many: ManyStore, opened: list[Any]) -> None:
    def gone(key: str, etag: str = "") -> ObjectInfo:
        raise ObjectNotFound("none")

    opened[0].head = gone
    assert [(item.key, item.size) for item in many.list()] == [(name, 0 if name == "000" else 5) for name in ENTRIES]
