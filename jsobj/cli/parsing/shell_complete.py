"""What Tab offers: files, names from local files, and names that a server knows, from a short-lived cache.

Completion must be quick, and must never fail, ask or print: after an error it offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from jsobj.errors import JsobjError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from jsobj.cli.parsing.asked_names import MakeRequest
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.settings import Settings
    from jsobj.store.completion_cache import CompletionCache
    from jsobj.store.open import StoreRequest

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

NAME = "name"  # the kind of what may hold blanks and slashes
_SCHEMES = ("s3://", "swift://")


def completer(names: Callable[[Settings, click.Context, str], Iterable[str]]) -> Completer:
    """A completion from a function that gives names, of which those that begin as typed are offered."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from jsobj.identity.settings import Settings

        try:
            found = names(Settings.read(), ctx, incomplete)
            return [CompletionItem(name, type=NAME) for name in found if name.startswith(incomplete)]
        except (JsobjError, OSError, ValueError):
            return []

    return complete


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and folders, by the shell's own rules."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


@completer
def complete_clouds(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of clouds."""
    from jsobj.identity.clouds_yaml.read import cloud_names

    return cloud_names(settings)


@completer
def complete_profiles(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of AWS profiles."""
    from jsobj.identity.aws_files.profile import names

    return names(settings.aws)


@completer
def complete_buckets(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Buckets of the login, as NAME or with the scheme that was typed."""
    return _buckets(settings, ctx, incomplete)


@completer
def complete_places(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Schemes, buckets, and what is in a bucket, folder by folder."""
    return _places(settings, ctx, incomplete)


def complete_sources_and_place(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files first; behind one also the place that they go to."""
    if _scheme(incomplete):
        return complete_places(ctx, param, incomplete)
    behind = complete_places(ctx, param, incomplete) if _given(ctx) else []
    return [*behind, *complete_files(ctx, param, incomplete)]


def complete_places_and_target(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Places first; behind one also the file or folder that they go to."""
    found = complete_places(ctx, param, incomplete)
    return [*found, *complete_files(ctx, param, incomplete)] if _given(ctx) and not _scheme(incomplete) else found


def complete_file_then_place(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A file or a place first; behind it a place."""
    found = complete_places(ctx, param, incomplete)
    return found if _given(ctx) or _scheme(incomplete) else [*found, *complete_files(ctx, param, incomplete)]


@completer
def complete_access_keys(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """EC2 access keys: those that jsobj made, and all that Keystone knows."""
    from jsobj.cli.parsing.asked_names import keystone_names
    from jsobj.identity import ledger

    def names() -> Callable[[Keystone], list[str]]:
        from jsobj.identity.keystone.ec2_credentials import Ec2Api

        return lambda login: [key.access for key in Ec2Api(login).list()]

    own = [key.access for key in ledger.read(settings).keys]
    cache, request = _login(settings, ctx)
    return keystone_names(settings, cache, request, "ec2", names) or own


@completer
def complete_app_creds(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Names of application credentials."""
    from jsobj.cli.parsing.asked_names import keystone_names

    def names() -> Callable[[Keystone], list[str]]:
        from jsobj.identity.keystone.app_credentials import AppCredentials

        return lambda login: [each.name for each in AppCredentials(login).list()]

    cache, request = _login(settings, ctx)
    return keystone_names(settings, cache, request, "app-cred", names)


@completer
def complete_jobs(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The ids of jobs, by the names of their files alone."""
    from jsobj.transfer.detached.record import run_ids
    from jsobj.transfer.journal.records import job_ids

    return sorted({*run_ids(settings.state_dir), *job_ids(settings.state_dir)})


def _places(settings: Settings, ctx: click.Context, incomplete: str) -> Iterator[str]:
    if incomplete in {"s3:", "s3:/", "swift:", "swift:/"}:
        yield from _SCHEMES
        return
    scheme = _scheme(incomplete)
    bucket, slash, _ = incomplete.removeprefix(scheme).partition("/")
    if not slash:
        yield from () if scheme else _SCHEMES
        yield from (f"{name}/" for name in _buckets(settings, ctx, incomplete))
    elif bucket:
        from jsobj.cli.parsing.asked_names import key_names

        cache, request = _login(settings, ctx)
        yield from (f"{scheme}{bucket}/{key}" for key in key_names(settings, cache, request, incomplete))


def _buckets(settings: Settings, ctx: click.Context, incomplete: str) -> Iterator[str]:
    from jsobj.cli.parsing.asked_names import bucket_names

    scheme = _scheme(incomplete)
    cache, request = _login(settings, ctx)
    yield from (scheme + name for name in bucket_names(settings, cache, request, scheme.removesuffix("://")))


def _scheme(text: str) -> str:
    return next((each for each in _SCHEMES if text.startswith(each)), "")


def _given(ctx: click.Context) -> bool:
    """Whether an argument stands before the one that is typed."""
    arguments = (p.name for p in ctx.command.params if p.param_type_name == "argument")
    return any(ctx.params.get(name or "") for name in arguments)


def _login(settings: Settings, ctx: click.Context) -> tuple[CompletionCache, MakeRequest]:
    """The login that the options before the cursor mean: what is known of it, and how to ask for more."""
    from jsobj.store.completion_cache import cache_for

    def option(name: str) -> Any:
        return ctx.params.get(name) or ""

    there = "dest_" if (option("dest_cloud") or option("dest_profile")) and _given(ctx) else ""
    cloud, profile, endpoint = (option(there + name) for name in ("cloud", "profile", "endpoint"))
    unsigned = bool(option("unsigned"))

    def request() -> StoreRequest:
        from jsobj.cli.parsing.asked_names import quiet_login
        from jsobj.store.open import StoreRequest

        return StoreRequest(cloud, profile, unsigned, endpoint, lambda: quiet_login(settings, cloud, profile))

    others = [f"endpoint {endpoint}"] * bool(endpoint) + ["unsigned"] * unsigned
    return cache_for(settings, cloud=cloud, profile=profile, others=others), request
