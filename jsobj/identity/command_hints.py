"""Words for hints: a command that is pasted into another terminal must mean the same login."""

from __future__ import annotations

import shlex


def same_login(*, cloud: str = "", profile: str = "") -> str:
    """The options that name this login, quoted for a shell, with a blank in front; "" where nothing need be named."""
    named = (("--cloud", cloud), ("--profile", profile))
    return "".join(f" {option} {shlex.quote(value)}" for option, value in named if value)
