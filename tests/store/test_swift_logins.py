"""Who may do what over the Swift API: tokens that end, roles, strangers, temporary URLs, quotas."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fixtures_cloud import Cloud
from fixtures_rgw import TENANTS
from swift_scene import SERVERS, Scene, got, open_scene, source_of

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.keystone import token
from jsobj.identity.keystone.client import Keystone
from jsobj.net.body import BytesSource
from jsobj.secret import Secret
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.token_keeper import TokenKeeper


@pytest.fixture(scope="module", params=SERVERS)
def scene(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Scene]:
    yield from open_scene(request, request.param, cloud)


@pytest.fixture
def fresh(request: pytest.FixtureRequest, scene: Scene, cloud: Cloud) -> Iterator[Scene]:
    """Another container on the same server, for tests that count what is in it."""
    yield from open_scene(request, scene.server, cloud)


@pytest.fixture
def store(fresh: Scene) -> SwiftStore:
    return fresh.store()


def test_public_data_need_no_login(fresh: Scene, store: SwiftStore) -> None:
    store.put("open", BytesSource(b"to all"))
    stranger = fresh.store(public=True)
    with pytest.raises(JsobjError) as caught:
        stranger.head("open")
    assert caught.value.code in {ExitCode.AUTH, ExitCode.NOT_FOUND}
    fresh.witness.post_container(fresh.container, {"X-Container-Read": ".r:*,.rlistings"})
    assert got(stranger, "open") == b"to all"
    assert [item.key for item in stranger.list()] == ["open"]
    with pytest.raises(JsobjError) as caught:
        stranger.put("mine", BytesSource(b"1"))
    assert caught.value.code in {ExitCode.AUTH, ExitCode.NOT_FOUND}


@pytest.mark.parametrize("role", ["openrc-password", "app-cred-restricted"])
def test_a_token_that_ends_is_renewed_once_for_all_F30(
    fresh: Scene, cloud: Cloud, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = TokenKeeper(Keystone(source_of(cloud, role)))
    store = SwiftStore(fresh.store().place, keeper)
    store.put("before", BytesSource(b"1"))
    logins: list[int] = []
    real = token.issue
    monkeypatch.setattr(token, "issue", lambda *words: logins.append(1) or real(*words))  # type: ignore[func-returns-value]
    monkeypatch.setattr(keeper, "_token", Secret("gAAAAA-ended"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put(f"after/{n}", BytesSource(b"2")), range(16)))
    store.close()
    assert len(logins) == 1
    assert len(fresh.names()) == 17


def test_a_login_that_is_gone_ends_it_F31(fresh: Scene, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    keystone = Keystone(source_of(cloud, "app-cred-restricted"))
    keeper = TokenKeeper(keystone)
    store = SwiftStore(fresh.store().place, keeper)
    store.put("before", BytesSource(b"1"))
    monkeypatch.setattr(keeper, "_token", Secret("gAAAAA-ended"))
    monkeypatch.setattr(keystone, "chosen", {"application_credential_secret": Secret("revoked")})
    with pytest.raises(JsobjError) as caught:
        store.put("after", BytesSource(b"2"))
    store.close()
    assert caught.value.code is ExitCode.AUTH
    assert fresh.names() == ["before"]


def test_F42_a_reader_may_not_write(fresh: Scene, cloud: Cloud) -> None:
    store = SwiftStore(fresh.store().place, TokenKeeper(Keystone(source_of(cloud, "openrc-reader"))))
    if fresh.server == TENANTS:  # RGW gives every role that it accepts everything
        store.put("mine", BytesSource(b"1"))
    else:
        with pytest.raises(JsobjError) as caught:
            store.put("mine", BytesSource(b"1"))
        assert (caught.value.reference, caught.value.code) == ("bucket-forbidden", ExitCode.REFUSED)
        assert "member" in caught.value.hint
    store.close()


def test_temporary_urls(fresh: Scene, store: SwiftStore) -> None:
    name = "a b/\u20ac%20.txt"
    store.put(name, BytesSource(b"shared"))
    if not fresh.is_rgw:
        with pytest.raises(JsobjError) as caught:
            store.presign("GET", name, 60)
        assert (caught.value.reference, caught.value.code) == ("presign-no-key", ExitCode.REFUSED)
        assert "--make-key" in caught.value.hint
    url = store.presign("GET", name, 60, make_key="account")
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"shared"
    put = urllib.request.Request(store.presign("PUT", name, 60), data=b"new", method="PUT")
    with urllib.request.urlopen(put):
        pass
    assert fresh.fetch(name) == b"new"
    for wrong in (url.replace("temp_url_sig=", "temp_url_sig=0"), url.replace(".txt?", ".txu?")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(wrong)
        assert refused.value.code in {401, 403}
        refused.value.close()


def test_a_full_container_refuses_F42(fresh: Scene, store: SwiftStore) -> None:
    fresh.witness.post_container(fresh.container, {"X-Container-Meta-Quota-Bytes": "5"})
    with pytest.raises(JsobjError) as caught:
        store.put("too-much", BytesSource(b"1234567890"))
    assert (caught.value.reference, caught.value.code) == ("quota", ExitCode.REFUSED)
