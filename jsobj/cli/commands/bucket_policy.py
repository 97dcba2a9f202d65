"""``jsobj bucket policy``: the policy of a bucket as a document, checked for what the server really honours."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.owned_bucket import bucket_at, keep_replaced, owner_at, text_of
from jsobj.cli.parsing.shell_complete import complete_buckets
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.ui.documents import Listing, Record

if TYPE_CHECKING:
    from jsobj.share.owner import Owner
    from jsobj.share.policy_check.finding import Finding
    from jsobj.share.policy_flow import PolicyChange

group = Group(
    "policy",
    {
        "get": Entry("bucket_policy:get", "Print the policy of a bucket."),
        "check": Entry("bucket_policy:check_", "Check a policy for what the server does not honour."),
        "set": Entry("bucket_policy:set_", "Check a policy and set it."),
        "delete": Entry("bucket_policy:delete", "Delete the policy of a bucket."),
    },
    help="Read, check, set and delete the policy of a bucket.\n\nA policy says in statements who may do what. Ceph "
    "has them, for S3 keys; Swift has none. Simple things need none: jsobj bucket public. What is said of policies was "
    "measured on Ceph 16.",
)


@command("get")
@click.argument("bucket", shell_complete=complete_buckets)
def get(world: World, bucket: str) -> None:
    """Print the policy of a bucket.

    \b
    Examples:
      jsobj bucket policy get results > policy.json
      jsobj bucket policy get results --json | jq .words
    """
    from jsobj.share.policy import Policy
    from jsobj.share.policy_flow import read_policy
    from jsobj.share.readers import readers

    with owner_at(world, bucket) as owner:
        text = read_policy(owner)
    policy = Policy.read(text)
    document = json.loads(text)
    data = {"bucket": owner.bucket, "policy": document, "words": list(readers(policy, ""))}
    shown = json.dumps(document, indent=2, ensure_ascii=False)
    world.out.show(Record("jsobj.bucket-policy/1", data, shown))


@command("check")
@click.argument("bucket", shell_complete=complete_buckets)
@click.argument("file", required=False, default="", metavar="[FILE]", type=click.Path())
def check_(world: World, bucket: str, file: str) -> int:
    """Check a policy for what the server does not honour.

    The one of a FILE (- for standard input), else the bucket's own. For each finding line, column and reason are said:
    refused is what the server does not take, void what it takes and ignores, risk what does more than it seems to. With
    one of these the exit code is 6; warnings alone are no failure. A file is checked without a login, too, as far as
    that goes.

    \b
    Examples:
      jsobj bucket policy check results
      jsobj bucket policy check results policy.json
    """
    from jsobj.share.policy_check.check import check
    from jsobj.share.policy_check.who import PolicyBucket
    from jsobj.share.policy_flow import bare, bucket_of, read_policy

    text, target = text_of(world, file) if file else "", PolicyBucket(bare(bucket_at(bucket).bucket))
    try:
        with owner_at(world, bucket) as owner:
            target = bucket_of(owner)
            text = text if file else read_policy(owner)
    except JsobjError as error:
        if not file or error.code not in {ExitCode.AUTH, ExitCode.NETWORK}:
            raise
        world.out.warn(f"checked without the server, so not against its owner and its segments: {error.message}")
    found = check(text, target)
    _show_findings(world, found)
    return ExitCode.REFUSED if any(each.error for each in found) else ExitCode.OK


@command("set")
@click.argument("bucket", shell_complete=complete_buckets)
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--force", is_flag=True, help="Also a policy that fails the check, or locks its owner out.")
def set_(world: World, bucket: str, file: str, force: bool) -> None:
    """Check a policy and set it.

    FILE is - for standard input. A policy that the check finds refused, void or risky is not set; nor one that would
    forbid its owner to change or delete it again, which only the server's operator could undo. The policy until now is
    kept in a file. What is set is read back and compared.

    \b
    Examples:
      jsobj bucket policy set results policy.json
      jq .policy kept.json | jsobj bucket policy set results -
    """
    from jsobj.share.policy_flow import set_policy

    text = text_of(world, file)
    with owner_at(world, bucket) as owner:
        kept: list[str] = []
        change = set_policy(owner, text, lambda old: kept.append(_keep(world, owner, old)), force=force)
    for each in change.findings:
        world.out.warn(f"line {each.line}, column {each.column}: {each.reason}")
    if not change.readable:
        world.out.warn("its owner may no longer read the policy: it was set, and could not be compared")
    _show(world, owner, change, kept)


@command("delete")
@click.argument("bucket", shell_complete=complete_buckets)
def delete(world: World, bucket: str) -> None:
    """Delete the policy of a bucket.

    It is kept in a file. What access control lists allow stays.

    \b
    Example:
      jsobj bucket policy delete results
    """
    from jsobj.share.policy_flow import delete_policy

    with owner_at(world, bucket) as owner:
        kept: list[str] = []
        change = delete_policy(owner, lambda old: kept.append(_keep(world, owner, old)))
    _show(world, owner, change, kept)


def _keep(world: World, owner: Owner, text: str) -> str:
    path = keep_replaced(world, owner.bucket, "policy", text)
    from jsobj.share.policy_check.check import check
    from jsobj.share.policy_flow import bucket_of

    # As it was kept it may have parts that are refused without this; a policy that the server took once.
    force = " --force" if any(each.error for each in check(text, bucket_of(owner))) else ""
    words = f"jsobj bucket policy set {shlex.quote(owner.bucket)} {shlex.quote(path)}{force}{owner.at}"
    world.out.note(f"The policy until now is kept; to put it back: {words}")
    return path


def _show(world: World, owner: Owner, change: PolicyChange, kept: Sequence[str]) -> None:
    from jsobj.share.policy import Policy, sid_of
    from jsobj.share.readers import readers

    policy, old = Policy.read(change.now), Policy.read(change.before)
    now, before = readers(policy, ""), readers(old, "")
    names = set(map(sid_of, policy.statements))
    if lost := [each for each in old.statements if sid_of(each).startswith("Jsobj") and sid_of(each) not in names]:
        words = ", ".join(readers(replace(old, statements=tuple(lost)), ""))
        world.out.warn(f"what jsobj bucket public or jsobj share had set is gone with the old policy: {words}")
    data = {
        "bucket": owner.bucket,
        "policy": json.loads(change.now) if change.now else None,
        "words": list(now),
        "before": json.loads(change.before) if change.before else None,
        "compared": change.readable,
        "kept": next(iter(kept), None),
        "findings": list(map(_finding, change.findings)),
    }
    lines = [("Bucket", owner.bucket), *(("Policy", each) for each in now or ("none",))]
    lines += [("Before", each) for each in before or ("none",)]
    world.out.show(Record("jsobj.bucket-policy/1", data, lines))


def _show_findings(world: World, found: tuple[Finding, ...]) -> None:
    columns = {"Line": "line", "Column": "column", "Level": "level", "Reason": "reason"}
    empty = "Nothing was found: the server honours all of it."
    world.out.show(Listing("jsobj.bucket-policy-check/1", found, columns, _finding, empty))


def _finding(found: Finding) -> dict[str, object]:
    return asdict(found)
