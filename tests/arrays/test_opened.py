"""What one process has open is shared by all stores of the same place, and stays for the next."""

from __future__ import annotations

import gc
import pickle
import threading
import time
from pathlib import Path

import pytest
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, Place, environ_in, settle

import jsobj
from jsobj.arrays.object_map import ObjectMap
from jsobj.errors import ExitCode, JsobjError


def travelled(objects: ObjectMap) -> ObjectMap:
    found: ObjectMap = pickle.loads(pickle.dumps(objects))
    return found


def test_who_means_the_same_place_shares_what_is_open(at_home: Place) -> None:
    first = jsobj.connect(PROFILE).store(at_home.url("a"))
    first["k"] = b"1"
    assert travelled(first).store is first.store
    assert jsobj.connect(PROFILE).store(at_home.url("a/")).store is first.store
    assert jsobj.connect(PROFILE).store(at_home.url("b")).store is not first.store
    assert jsobj.connect(PROFILE).store(at_home.url("a"), parallel=2).store is not first.store


def test_what_is_forgotten_serves_the_next(at_home: Place) -> None:
    """As tasks of dask do, one after the other."""
    sent = pickle.dumps(jsobj.connect(PROFILE).store(at_home.url()))
    stores = set()
    for number in range(20):
        objects = pickle.loads(sent)
        objects[f"k/{number}"] = b"x"
        stores.add(objects.store)
        del objects
    assert len(stores) == 1


def test_closing_leaves_others_what_they_use(at_home: Place) -> None:
    first, second = (jsobj.connect(PROFILE).store(at_home.url()) for _ in range(2))
    store, pool = first.store, second.pool
    first.close()
    assert second.put_many({"k": b"1"}) == 1
    assert (second.store, second.pool) == (store, pool)
    second.close()
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(int)
    assert dict(first) == {"k": b"1"}
    assert first.store is not store


def test_only_the_last_few_stay_when_nobody_holds_them(at_home: Place) -> None:
    before = set(threading.enumerate())
    for number in range(12):
        objects = jsobj.connect(PROFILE).store(at_home.url(f"{number}"), parallel=1)
        assert objects.put_many({"k": b"1"}) == 1
    del objects
    gc.collect()
    last = jsobj.connect(PROFILE).store(at_home.url("last"), parallel=1)
    last["k"] = b"1"  # opening it settles what was forgotten
    theirs = set(threading.enumerate()) - before
    deadline = time.monotonic() + 30
    while sum(thread.is_alive() for thread in theirs) > 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sum(thread.is_alive() for thread in theirs) <= 4


def test_a_key_that_was_replaced_opens_anew(at_home: Place) -> None:
    first = jsobj.connect(PROFILE).store(at_home.url())
    first["k"] = b"1"
    credentials = at_home.home / ".aws" / "credentials"
    text = credentials.read_text()
    credentials.write_text(text.replace(at_home.key[1], "0" * len(at_home.key[1])))
    second = travelled(first)
    with pytest.raises(JsobjError) as refused:
        second["k"]
    assert refused.value.code is ExitCode.AUTH
    assert first["k"] == b"1"
    credentials.write_text(text)
    assert travelled(first).store is first.store


def test_what_the_environment_says_is_asked_again_too(at_home: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = jsobj.connect(PROFILE).store(at_home.url())
    assert first.store is travelled(first).store
    monkeypatch.setenv("AWS_CA_BUNDLE", "another.pem")
    assert travelled(first).store is not first.store


def test_who_logs_in_shares_the_token(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Over Swift's own API: one login for all tasks."""
    login = {
        "OS_AUTH_URL": cloud.auth_url,
        "OS_USERNAME": "alice",
        "OS_PASSWORD": cloud.password("alice"),
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
    }
    settle(monkeypatch, environ_in(tmp_path) | login)
    first = jsobj.connect().store("swift://shared/a")
    assert travelled(first).store is first.store
    assert first.store.place.dialect == "swift"
