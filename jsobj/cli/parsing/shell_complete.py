"""What Tab offers: names from local files and from a short-lived cache of bucket names.

Completion must be quick, and must never fail or print: after an error it offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from jsobj.identity.settings import Settings


def _completer(
    names: Callable[[Settings, click.Context, str], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from jsobj.identity.settings import Settings

        try:
            found = names(Settings.read(), ctx, incomplete)
            return [CompletionItem(name) for name in found if name.startswith(incomplete)]
        except JsobjError:
            return []

    return complete


@_completer
def complete_clouds(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of clouds."""
    from jsobj.identity.clouds_yaml.read import cloud_names

    return cloud_names(settings)


@_completer
def complete_profiles(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of AWS profiles."""
    from jsobj.identity.aws_files.profile import names

    return names(settings.aws)


@_completer
def complete_buckets(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Buckets of the login, as NAME or with the scheme that was typed."""
    from jsobj.store.completion_cache import names_for_completion

    scheme = next((each for each in ("s3://", "swift://") if incomplete.startswith(each)), "")
    login = {"cloud": ctx.params.get("cloud") or "", "profile": ctx.params.get("profile") or ""}
    return [scheme + name for name in names_for_completion(settings, **login)]
