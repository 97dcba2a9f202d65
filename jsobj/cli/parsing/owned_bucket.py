"""The bucket of a command about a bucket's own settings: whoever may change it, and where old settings are kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from jsobj.cli.parsing.stores import request_of, stores
from jsobj.cli.parsing.world import World
from jsobj.identity.command_hints import same_login

if TYPE_CHECKING:
    from jsobj.share.owner import Owner
    from jsobj.store.location import Location


def bucket_at(typed: str) -> Location:
    """The bucket that was typed. Raises usage for anything below a bucket."""
    from jsobj.store.bucket_name import parse_bucket
    from jsobj.store.location import Location

    wanted = parse_bucket(typed)
    return Location(wanted.dialect, wanted.name)


@contextmanager
def owner_at(world: World, typed: str) -> Iterator[Owner]:
    """Who may change the bucket, with the connections; closed at the end."""
    from jsobj.share.owner import owner_of

    at = same_login(cloud=world.cloud, profile=world.profile)
    with owner_of(world.settings, bucket_at(typed), request_of(world), at=at) as owner:
        yield owner


def sample_at(world: World, typed: str) -> str:
    """The key of an object in the bucket, or below a prefix, to try requests on, "" for none."""
    from jsobj.share.proof import sample_of
    from jsobj.store.location import parse_location

    location = parse_location(typed)
    with stores(world) as opened:
        return sample_of(opened.of(location), location.key)


def keep_replaced(world: World, bucket: str, what: str, text: str, kind: str = "json") -> str:
    """Keep a setting that is about to be replaced as a private file of jsobj's; its path."""
    from jsobj.atomic import edit_private_file

    now = world.now().strftime("%Y%m%dT%H%M%SZ")
    name = f"{quote(bucket, safe='')}-{what}-{now}-{secrets.token_hex(2)}.{kind}"
    path = world.settings.state_dir / "replaced" / name
    edit_private_file(path, lambda old: text.encode())
    return str(path)


def text_of(world: World, name: str) -> str:
    """The text of a file, or of standard input for ``-``. Raises usage, local."""
    from pathlib import Path

    from jsobj.errors import BadUsage, ExitCode, JsobjError

    try:
        data = world.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadUsage(f"{name} is no UTF-8 text") from error
    except OSError as error:
        code = ExitCode.NOT_FOUND if isinstance(error, FileNotFoundError) else ExitCode.LOCAL
        raise JsobjError("file-unreadable", f"cannot read {name}: {error.strerror}", code=code) from error
    return data
