"""Names that only a server knows, for Tab: asked in a process of its own, with a short wait.

What it finds goes into the completion cache. Where it comes too late it is there for the next Tab; where it does not
come, the server is left alone for a while. It has no terminal, so that it can neither ask nor print.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError, NotLoggedIn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import CompletionCache, Known
    from jsobj.store.open import StoreRequest

    # Both are called only where nothing fresh is cached: what they import takes longer than all the rest of a Tab.
    MakeRequest = Callable[[], StoreRequest]
    Ask = Callable[[], Iterable[str]]

WAIT = 0.2  # seconds that Tab waits for a server; the start of the program takes another tenth
_LONGEST = 5  # seconds after which the asking process gives up
_LEFT_ALONE = 20.0  # seconds until a server that did not answer is asked again
_PAGE = 1000  # names


def bucket_names(settings: Settings, cache: CompletionCache, request: MakeRequest, dialect: str) -> tuple[str, ...]:
    """The buckets of the login. ``dialect``: ``s3``, ``swift``, or "" for the one that is in use."""

    def prepare() -> Ask:
        from jsobj.store.open import list_buckets

        login = request()
        return lambda: (bucket.name for bucket in list_buckets(settings, dialect, login))

    return _known(cache, f"{dialect}:", prepare)


def key_names(settings: Settings, cache: CompletionCache, request: MakeRequest, typed: str) -> tuple[str, ...]:
    """Keys and folders that begin as the place that was typed, one level deep; folders end in a slash."""

    def prepare() -> Ask:
        from jsobj.packing.open import open_place
        from jsobj.store.location import parse_location

        place, login = parse_location(typed), request()

        def ask() -> Iterable[str]:
            found = open_place(settings, place, login).list(place.key, delimiter="/")
            return (item.key for item in found if item.key != place.key)

        return ask

    # A listing of the whole folder, or of a shorter beginning, tells this one too.
    first = typed.rindex("/") + 1
    for end in range(first, len(typed)):
        known = cache.get(typed[:end])
        if known is not None and known.fresh and known.whole:
            return known.names
    return _known(cache, typed, prepare)


def keystone_names(
    settings: Settings,
    cache: CompletionCache,
    request: MakeRequest,
    kind: str,
    names: Callable[[], Callable[[Keystone], list[str]]],
) -> tuple[str, ...]:
    """Names of things at Keystone; ``kind`` says which. ``names`` returns what asks for them."""

    def prepare() -> Ask:
        asker, login = names(), request()
        return lambda: asker(login.keystone(settings))

    return _known(cache, kind, prepare)


def quiet_login(settings: Settings, cloud: str, profile: str) -> Keystone:
    """The login meant. Raises :class:`JsobjError` where a browser or a plugin would be needed: Tab starts none."""
    from jsobj.identity.current import current_source
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.keystone.token import is_direct

    source = current_source(settings, cloud=cloud, profile=profile)
    if not is_direct(source):
        raise NotLoggedIn("this kind of login is not used for completion")
    return Keystone(source)


def _known(cache: CompletionCache, place: str, prepare: Callable[[], Ask]) -> tuple[str, ...]:
    known = cache.get(place)
    if known is None or not known.fresh:
        ask = prepare()  # imports, which are no part of the wait
        # Until the answer is there, what was known before counts: no other Tab asks, also when nothing answers.
        cache.put(place, known.names if known else (), whole=False, seconds=_LEFT_ALONE)
        _wait_for(lambda: _learn(cache, place, ask))
        known = cache.get(place)
    return _names(known)


def _names(known: Known | None) -> tuple[str, ...]:
    return known.names if known is not None else ()


def _learn(cache: CompletionCache, place: str, ask: Ask) -> None:
    names = tuple(islice(ask(), _PAGE))
    cache.put(place, names, whole=len(names) < _PAGE)


def _wait_for(work: Callable[[], None]) -> None:
    """Let a process do the work, and wait for it for :data:`WAIT` seconds."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        _work(work)
    os.close(writer)
    select.select([reader], [], [], WAIT)  # readable when the process ends, and with it the other side
    os.close(reader)


def _work(work: Callable[[], None]) -> None:
    """In the process: without terminal, input and output."""
    try:
        signal.alarm(_LONGEST)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        with suppress(JsobjError):
            work()
    finally:
        os._exit(0)
