"""``jsobj bucket`` (and ``jsobj container``): create, list, show, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, JsobjError
from jsobj.ui.documents import Listing, Record
from jsobj.units import human_bytes, human_time, utc_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsobj.store.buckets import Bucket, BucketAdmin
    from jsobj.store.open import StoreRequest
    from jsobj.store.values import StorePlace

group = Group(
    "bucket",
    {
        "create": Entry("bucket:create", "Create a bucket."),
        "list": Entry("bucket:list_", "List the project's buckets."),
        "show": Entry("bucket:show", "Show one bucket: objects, bytes, settings, and who may read it."),
        "delete": Entry("bucket:delete", "Delete a bucket."),
        "public": Entry("bucket_public:public", "Let everybody read a bucket, or what is below a prefix."),
        "private": Entry("bucket_public:private", "Take back what everybody may do."),
        "cors": Entry("bucket_cors:group", "Say which web pages may read a bucket in a browser."),
        "lifecycle": Entry("bucket_lifecycle:group", "Say what the server deletes by itself, and when."),
        "policy": Entry("bucket_policy:group", "Read, check, set and delete the policy of a bucket."),
        "versioning": Entry("bucket_versioning:versioning", "Say whether a bucket keeps what is replaced or deleted."),
        "usage": Entry("bucket_usage:usage", "Show what buckets hold, by folder and age, and how they grow."),
        "quota": Entry("bucket_quota:quota", "Show how much a bucket may hold, or set it."),
        "clean": Entry("bucket_clean:clean", "Remove what takes space and belongs to no object."),
    },
    help="Create, list, show, open and delete buckets.\n\nBUCKET is NAME, s3://NAME or "
    "swift://NAME. A bare name uses S3 where there are keys and the Swift API otherwise; both see the same buckets.",
)


@command("create")
@click.argument("bucket")
@click.option("--unique", "make_unique", is_flag=True, help="Add a random suffix, since names are shared by all.")
def create(world: World, bucket: str, make_unique: bool) -> None:
    """Create a bucket.

    Says project and endpoint first. A bucket that is yours already is no error.

    \b
    Examples:
      jsobj bucket create my-results --unique
      jsobj bucket create swift://raw_data
    """
    from jsobj.store.bucket_name import check_new_s3, check_new_swift, parse_bucket, unique

    wanted = parse_bucket(bucket)
    name = unique(wanted.name) if make_unique else wanted.name
    check = {"s3": check_new_s3, "swift": check_new_swift}
    if wanted.dialect:
        check[wanted.dialect](name)  # before any request
    account = _open(world, wanted.dialect, wanted.name)
    place = account.place
    for notice in check[place.dialect](name):
        world.out.warn(notice)
    noun = "container" if place.dialect == "swift" else "bucket"
    world.out.note(f"Creating {noun} '{name}' in {_project(place)} at {place.endpoint} ({place.where}).")
    made = account.create(name)
    world.will_change_names()
    data = {"name": name, "created": made, **_place_data(place)}
    lines = [
        ("Bucket", name),
        ("State", "created" if made else "was there already, and is yours"),
        ("Project", place.project),
        ("Endpoint", place.endpoint),
    ]
    world.out.show(Record("jsobj.bucket-created/1", data, lines))


@command("list")
@click.argument("dialect", required=False, default="", metavar="[s3:// | swift://]")
def list_(world: World, dialect: str) -> None:
    """List the project's buckets.

    The S3 API tells when a bucket was made, the Swift API how many objects and bytes it has. Both are asked where
    there are keys and a login, or the one that is named; what is not known is "-".

    \b
    Examples:
      jsobj bucket list
      jsobj bucket list swift:// --json
    """
    from jsobj.store.completion_cache import cache_for
    from jsobj.store.open import with_counts

    if dialect not in {"", "s3://", "swift://", "s3", "swift"}:
        raise BadUsage(f"'{dialect[:80]}' is neither s3:// nor swift://")
    account = _open(world, dialect.removesuffix("://"))
    place, found = account.place, list(account.list())
    if found and place.dialect == "s3" and not dialect:
        found = with_counts(world.settings, found, place.project, _request(world))
    cache = cache_for(world.settings, cloud=world.cloud, profile=world.profile)
    cache.put(f"{dialect.removesuffix('://')}:", (b.name for b in found))
    world.out.detail(f"{place.dialect} at {place.endpoint}, {place.where}")
    columns: dict[str, Callable[[Bucket], str]] = {
        "Name": lambda b: b.name,
        "Objects": lambda b: "-" if b.objects is None else str(b.objects),
        "Size": lambda b: "-" if b.size is None else human_bytes(b.size),
        "Created": lambda b: human_time(b.created) if b.created else "-",
    }
    empty = f"There are no buckets in {_project(place)}."
    world.out.show(Listing("jsobj.bucket-list/1", found, columns, bucket_data, empty))


@command("show")
@click.argument("bucket", shell_complete=complete_buckets)
def show(world: World, bucket: str) -> None:
    """Show one bucket: objects, bytes, settings, and who may read it.

    \b
    Examples:
      jsobj bucket show results
      jsobj bucket show swift://raw_data --json
    """
    account, found = _find(world, bucket)
    readers = _readers(world, bucket)
    nobody = "only within the project" if readers is not None else "not known"
    more = "at least " if found.at_least else ""
    lines = [
        ("Bucket", found.name),
        ("Dialect", found.dialect),
        ("Project", account.place.project),
        ("Endpoint", account.place.endpoint),
        ("Created", human_time(found.created) if found.created else ""),
        ("Objects", f"{more}{found.objects}"),
        ("Size", f"{more}{human_bytes(found.size or 0)}"),
        ("Versioning", found.versioning),
        ("Read ACL", found.read_acl),
        *(("Shared", each) for each in readers or [nobody]),
    ]
    data = {**bucket_data(found), **_place_data(account.place), "readers": readers}
    world.out.show(Record("jsobj.bucket/1", data, [line for line in lines if line[1]]))


@command("delete")
@click.argument("bucket", shell_complete=complete_buckets)
@click.option("-r", "--recursive", is_flag=True, help="Delete everything in it first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(world: World, bucket: str, recursive: bool, yes: bool) -> None:
    """Delete a bucket.

    A bucket with something in it is refused without --recursive. What is deleted cannot be brought back.
    Over Swift the container of its segments (NAME_segments) goes too, where it is empty.

    \b
    Examples:
      jsobj bucket delete old-results
      jsobj bucket delete swift://raw_data --recursive
    """
    account, found = _find(world, bucket)
    count = 0
    if recursive and not yes:
        # Also where nothing is counted: old versions and unfinished uploads are not, and Swift counts late.
        more = "at least " if found.at_least else ""
        contents = f"{more}{found.objects} object(s), old versions and unfinished uploads"
        question = f"Delete bucket '{found.name}' of {_project(account.place)} with {contents}?"
        world.confirm(question, option="--yes")
    if recursive:
        count = account.empty(found.name, lambda total: world.out.detail(f"deleted {total} objects"))
    account.delete(found.name)
    world.will_change_names()
    data = {"name": found.name, "deleted": True, "deleted_objects": count, **_place_data(account.place)}
    lines = [("Deleted bucket", found.name), ("Objects deleted", str(count))]
    world.out.show(Record("jsobj.bucket-deleted/1", data, lines))


def _readers(world: World, bucket: str) -> list[str] | None:
    """Who else may do what, in words; None where not all of it could be seen, which is warned of."""
    from jsobj.identity.command_hints import same_login
    from jsobj.share.owner import owner_of
    from jsobj.share.policy import Policy
    from jsobj.share.readers import readers
    from jsobj.store.location import parse_location

    at = same_login(cloud=world.cloud, profile=world.profile)
    try:
        with owner_of(world.settings, parse_location(bucket), _request(world), at=at) as owner:
            policy = Policy.read(owner.policies.read(owner.bucket)) if owner.policies is not None else Policy()
            acl = owner.acls.read(owner.bucket) if owner.acls is not None else ""
    except JsobjError as error:
        world.out.warn(f"who else may read was not looked at: {error.message}")
        return None
    found = list(readers(policy, acl))
    if owner.no_login:
        world.out.warn(f"its access control list was not looked at: {owner.no_login}")
        return found or None
    return found


def _open(world: World, dialect: str, bucket: str = "") -> BucketAdmin:
    from jsobj.store.location import Location
    from jsobj.store.open import open_account

    return open_account(world.settings, Location(dialect, bucket), _request(world))


def _request(world: World) -> StoreRequest:
    from jsobj.store.open import StoreRequest

    return StoreRequest(world.cloud, world.profile, log_in=lambda: keystone_for(world))


def _find(world: World, bucket: str) -> tuple[BucketAdmin, Bucket]:
    """The bucket as typed, and its account. Raises not found."""
    from jsobj.store.bucket_name import parse_bucket

    wanted = parse_bucket(bucket)
    account = _open(world, wanted.dialect, wanted.name)
    return account, account.show(wanted.name)


def _project(place: StorePlace) -> str:
    return f"project {place.project}" if place.project else "the key's project"


def _place_data(place: StorePlace) -> dict[str, object]:
    return {"dialect": place.dialect, "project": place.project or None, "endpoint": place.endpoint}


def bucket_data(bucket: Bucket) -> dict[str, object]:
    return {
        "name": bucket.name,
        "dialect": bucket.dialect,
        "created": utc_time(bucket.created) if bucket.created else None,
        "objects": bucket.objects,
        "bytes": bucket.size,
        "at_least": bucket.at_least,
        "versioning": bucket.versioning or None,
        "read_acl": bucket.read_acl or None,
    }
