"""Names that Tab offers, as a server listed them: a few minutes old at most, and for completion only.

One file for each login that may be meant, so that one cloud's names are never offered for another.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsobj.atomic import write_private_file
from jsobj.errors import JsobjError
from jsobj.identity.current import chosen_cloud
from jsobj.identity.settings import Settings

FRESH_SECONDS = 300.0
_PREFIX = "completion-"
_KEPT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Known:
    """Names at a place. ``whole``: all of them; ``until``: the time up to which they count."""

    names: tuple[str, ...]
    whole: bool
    until: float

    @property
    def fresh(self) -> bool:
        """Whether they still count; never for longer than :data:`FRESH_SECONDS`, however clocks were set."""
        return 0 <= self.until - time.time() <= FRESH_SECONDS


class CompletionCache:
    """What is known of one login. A file that cannot be read or written is no error. ``who`` tells logins apart."""

    def __init__(self, settings: Settings, *who: str) -> None:
        words = "\0".join((*who, settings.get("AWS_PROFILE"), settings.get("AWS_ACCESS_KEY_ID")))
        self._path = settings.cache_dir / f"{_PREFIX}{hashlib.sha256(words.encode()).hexdigest()[:16]}.json"

    def get(self, place: str) -> Known | None:
        """The names at a place, fresh or not; None where none were ever asked for."""
        try:
            item = self._read()[place]
            return Known(tuple(map(str, item["names"])), bool(item["whole"]), float(item["until"]))
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, place: str, names: Iterable[str], *, whole: bool = True, seconds: float = FRESH_SECONDS) -> None:
        """Keep the names for so many seconds."""
        now = time.time()
        kept = {name: item for name, item in self._read().items() if _age(item, now) < _KEPT_SECONDS}
        kept[place] = {"names": list(names), "whole": whole, "until": now + seconds}
        with suppress(JsobjError, OSError):
            write_private_file(self._path, json.dumps(kept).encode())

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}


def _age(item: Any, now: float) -> float:
    try:
        return now - float(item["until"])
    except (KeyError, TypeError, ValueError):
        return float("inf")


def cache_for(settings: Settings, *, cloud: str, profile: str, others: Iterable[str] = ()) -> CompletionCache:
    """The cache of the login that these options mean. ``others``: more options that choose the server."""
    return CompletionCache(settings, chosen_cloud(settings, cloud).name, profile, *others)


def forget_names(folder: Path) -> None:
    """After a change: the next completion asks the server again. ``folder``: :attr:`Settings.cache_dir`."""
    with suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*.json"):
            path.unlink(missing_ok=True)
