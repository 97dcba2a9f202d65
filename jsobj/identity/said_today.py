"""What is said once a day and not with every command."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress

from jsobj.atomic import write_private_file
from jsobj.errors import JsobjError
from jsobj.identity.settings import Settings

_DAY = 24 * 3600.0


def first_today(settings: Settings, sentence: str) -> bool:
    """Whether this was not said within the last day; remembers that it is being said."""
    mark = settings.cache_dir / f"said-{hashlib.sha256(sentence.encode()).hexdigest()[:16]}"
    with suppress(OSError):
        if 0 <= time.time() - mark.stat().st_mtime < _DAY:
            return False
    with suppress(OSError, JsobjError):
        mark.unlink(missing_ok=True)
        write_private_file(mark, b"")
    return True
