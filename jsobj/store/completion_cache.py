"""The last known bucket names, for shell completion only: a few minutes old at most, and never relied upon."""

from __future__ import annotations

import hashlib
import html
import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jsobj.atomic import write_private_file
from jsobj.errors import JsobjError
from jsobj.identity.current import chosen_cloud, current_source
from jsobj.identity.http import HttpClient, TransportError
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.s3wire import get
from jsobj.identity.settings import Settings
from jsobj.store.access import s3_access

FRESH_SECONDS = 300.0
_NAME = re.compile(r"<Bucket>\s*<Name>([^<]+)</Name>")


def _path(settings: Settings, cloud: str, profile: str) -> Path:
    """One file for each login that may be meant, so that one cloud's names are never offered for another."""
    chosen = chosen_cloud(settings, cloud).name
    who = "\0".join((chosen, profile, settings.get("AWS_PROFILE"), settings.get("AWS_ACCESS_KEY_ID")))
    return settings.cache_dir / f"buckets-{hashlib.sha256(who.encode()).hexdigest()[:16]}.json"


def remember_names(settings: Settings, names: Iterable[str], *, cloud: str, profile: str) -> None:
    """Keep the names. A cache that cannot be written is no error."""
    with suppress(JsobjError):
        document = {"at": time.time(), "names": list(names)}
        write_private_file(_path(settings, cloud, profile), json.dumps(document).encode())


def forget_names(settings: Settings, *, cloud: str, profile: str) -> None:
    """After a change: let the next completion ask again."""
    with suppress(OSError, JsobjError):
        _path(settings, cloud, profile).unlink(missing_ok=True)


def cached_names(settings: Settings, *, cloud: str, profile: str) -> tuple[str, ...] | None:
    """The names, or None where they are unknown or old."""
    try:
        document = json.loads(_path(settings, cloud, profile).read_bytes())
        age = time.time() - float(document["at"])
        return tuple(map(str, document["names"])) if 0 <= age < FRESH_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def names_for_completion(settings: Settings, *, cloud: str, profile: str) -> tuple[str, ...]:
    """The cached names; where there are none, ask once, and remember also that nothing came."""
    known = cached_names(settings, cloud=cloud, profile=profile)
    if known is not None:
        return known
    names: tuple[str, ...] = ()
    with suppress(JsobjError, TransportError):
        names = _ask(settings, cloud=cloud, profile=profile)
    remember_names(settings, names, cloud=cloud, profile=profile)
    return names


def _ask(settings: Settings, *, cloud: str, profile: str) -> tuple[str, ...]:
    """One small request, without the libraries that take longer to import than a person waits for Tab."""
    access = s3_access(settings, profile=profile, cloud=cloud)
    if access is not None:
        answer = get(access.origin, key=access.key, region=access.region, verify=access.verify)
        return tuple(html.unescape(name) for name in _NAME.findall(answer.body))
    keystone = Keystone(current_source(settings, cloud=cloud))
    headers = {"X-Auth-Token": keystone.token.reveal(), "Accept": "text/plain"}
    reply = HttpClient(keystone.source.tls).send("GET", keystone.login.swift_url, headers=headers)
    return tuple(reply.body.decode("utf-8", "replace").splitlines()) if reply.status == 200 else ()
