"""Styles and scripts that pages have inside, and the digests by which a Content-Security-Policy lets them."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


@cache
def asset(name: str) -> str:
    """The text of a file beside this one or in a folder below it."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def part(*names: str) -> str:
    """Styles or scripts, one after the other, without their comments."""
    return "\n".join(_COMMENT.sub("", asset(name)).strip() for name in names)


@cache
def program(*names: str) -> str:
    """Scripts as one, with no name that is seen outside of it."""
    return f'"use strict";\n(() => {{\n{part(*names)}\n}})();'


def digest(text: str) -> str:
    """Of a style or a script, as a source for the policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
