"""Words for hints: a command that is pasted into another terminal must mean the same login."""

from __future__ import annotations

import re
import shlex

# The words that name a command which has a cloud or a profile, and what follows in the same clause.
_COMMAND = re.compile(
    r"(?P<command>jsobj (?:(?:bucket|uploads|ec2-creds|app-cred) "
    r"(?:list|show|create|delete|abort|rotate|prune|process|clean|quota|usage|versioning)"
    r"|ec2-creds|doctor|whoami|endpoint|presign|undelete|ls|rm|cp|mv|cat|stat|du|upload|download|verify"
    r"|(?:export|snippet) [a-z0-9-]+)(?![\w-]))"
    r"(?P<rest>[^;\n]*?(?=$|[;\n]|jsobj ))"
)
_LOGIN = re.compile(r"--(?:cloud|profile) (?!NAME\b)")


def same_login(*, cloud: str = "", profile: str = "") -> str:
    """The options that name this login, quoted for a shell, with a blank in front; "" where nothing need be named."""
    named = (("--cloud", cloud), ("--profile", profile))
    return "".join(f" {option} {shlex.quote(value)}" for option, value in named if value)


def with_login(hint: str, *, cloud: str = "", profile: str = "", either: bool = False) -> str:
    """A hint whose commands mean the same cloud and profile when they are pasted.

    ``either``: a command that names one of the two is left as it is.
    """

    def name(found: re.Match[str]) -> str:
        command, rest = found.group("command", "rest")
        if either and _LOGIN.search(rest):
            return found[0]
        lacking = {word: value for word, value in (("cloud", cloud), ("profile", profile)) if f"--{word}" not in rest}
        return f"{command}{same_login(**lacking)}{rest}"

    return _COMMAND.sub(name, hint) if cloud or profile else hint


def public_at(endpoint: str) -> str:
    """The options that mean public data at a server, with a blank in front."""
    return f" --no-sign-request --endpoint {shlex.quote(endpoint)}"
