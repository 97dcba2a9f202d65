"""The last known bucket names, for shell completion only: a few minutes old at most, and never relied upon."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jsobj.atomic import write_private_file
from jsobj.errors import JsobjError
from jsobj.identity.current import chosen_cloud
from jsobj.identity.settings import Settings
from jsobj.store.open import StoreRequest, list_buckets

FRESH_SECONDS = 300.0


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
    """After a change: the next completion asks the server again."""
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
    """The cached names; where there are none, ask the server once, and remember an empty answer too."""
    known = cached_names(settings, cloud=cloud, profile=profile)
    if known is not None:
        return known
    names: tuple[str, ...] = ()
    with suppress(JsobjError):
        # Without the libraries that take longer to import than a person waits for Tab.
        names = tuple(bucket.name for bucket in list_buckets(settings, "", StoreRequest(cloud, profile)))
    remember_names(settings, names, cloud=cloud, profile=profile)
    return names
