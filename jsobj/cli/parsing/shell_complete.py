"""What Tab offers: names from local files and from a short-lived cache of bucket names.

Completion must be quick and must never fail or print; whatever goes wrong offers nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.errors import JsobjError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def _matching(names: tuple[str, ...], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_clouds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.identity.clouds_yaml.read import cloud_names
    from jsobj.identity.settings import Settings

    try:
        return _matching(cloud_names(Settings.read()), incomplete)
    except JsobjError:
        return []


def complete_profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.identity.aws_files.profile import names
    from jsobj.identity.settings import Settings

    try:
        return _matching(names(Settings.read().aws), incomplete)
    except JsobjError:
        return []


def complete_buckets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import names_for_completion

    try:
        prefix = next((p for p in ("s3://", "swift://") if incomplete.startswith(p)), "")
        wanted = {"cloud": ctx.params.get("cloud") or "", "profile": ctx.params.get("profile") or ""}
        names = names_for_completion(Settings.read(), **wanted)
        return _matching(tuple(prefix + name for name in names), incomplete)
    except JsobjError:
        return []
