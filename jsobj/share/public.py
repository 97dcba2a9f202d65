"""Public access: given to everybody, taken back, and each time proven by a request without a login.

The mechanism is the one that the server really honours (measured on Ceph RGW 16 and Swift 2.38). Ceph: a bucket policy,
which reaches a prefix and can keep the list closed; with a login but no keys, a Swift read ACL, which opens both to all
and for the whole bucket. Swift: a read ACL; it has no policies, and its S3 API answers nobody without a key.

Large objects whose segments lie in a container of their own can be read only where that is open too. Ceph looks at its
read ACL alone (a policy there changes nothing), and that opens all of it, with the list: so only where the whole bucket
is opened with its list.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.share import swift_acl
from jsobj.share.grants.change import change_policy
from jsobj.share.owner import Owner
from jsobj.share.policy import (
    Policy,
    Statement,
    concerns,
    for_those_named,
    is_public,
    public_sids,
    public_statements,
    reaches,
    sid_of,
    words,
)
from jsobj.share.proof import AnonymousView, looked_at


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """How a bucket, or what is below ``prefix``, is seen now by somebody without a login.

    ``mechanism``: ``policy`` or ``acl``. ``taken``: what was taken away, in words. ``closed``: containers of segments
    that stay closed, and with them the large objects whose bytes they hold; ``opened``: those that were opened too.
    ``unseen``: why access control lists were not looked at, "" where they were.
    """

    bucket: str
    prefix: str
    views: tuple[AnonymousView, ...]
    mechanism: str = ""
    taken: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    unseen: str = ""


def make_public(owner: Owner, prefix: str, *, listed: bool, sample: str) -> PublicAccess:
    """Let everybody read, with ``listed`` also list. ``sample``: the key of an object below ``prefix``, "" for none.

    What was changed is put back where the proof fails. Raises :class:`JsobjError`: refused where the server cannot do
    it, usage for a prefix that it cannot express.
    """
    _require_login(owner)
    closed: list[str] = []
    opened: list[str] = []
    with ExitStack() as undo:
        if owner.policies is not None:
            mechanism = "policy"
            _add_statements(owner, prefix, listed, undo)
            opens_segments = owner.acls is not None and listed and not prefix
        else:
            mechanism, opens_segments = "acl", True
            _require_acl(owner, prefix, listed)
            _open_acl(owner, owner.bucket, listed, undo)
        for segments in segments_of(owner):
            if opens_segments:
                _open_acl(owner, segments, None, undo)
                opened.append(segments)
            else:
                closed.append(segments)

        def good(view: AnonymousView) -> bool:
            return view.object in {200, None} and (view.listing == 200 or not listed)

        views = looked_at(owner.place, owner.bucket, prefix, sample, good)
        if not any(map(good, views)):
            raise _not_honoured(owner, prefix, views, closed)
        undo.pop_all()
    return PublicAccess(owner.bucket, prefix, views, mechanism, closed=tuple(closed), opened=tuple(opened))


def make_private(owner: Owner, prefix: str, *, sample: str) -> PublicAccess:
    """Take away what everybody may do, by whomever it was given, and leave what named projects may.

    Raises :class:`JsobjError` (refused) where something can still be read without a login.
    """
    _require_login(owner)
    taken: list[str] = []
    rest: list[str] = []
    if owner.policies is not None:
        taken, rest = _remove_statements(owner, prefix)
    if owner.acls is not None and not prefix:
        for container in (owner.bucket, *segments_of(owner)):
            acl = owner.acls.read(container)
            if found := swift_acl.for_everybody(acl):
                owner.acls.write(container, swift_acl.made_private(acl))
                taken.append(f"{', '.join(found)}, in the read ACL of {container}")
    views = looked_at(owner.place, owner.bucket, prefix, sample, lambda view: view.refused or view.unknown)
    if rest or any(view.reads for view in views):
        raise _still_public(owner, prefix, views, taken, rest)
    if not (any(view.refused for view in views) and all(view.refused or view.unknown for view in views)):
        raise _not_proven(owner, prefix, views, taken)
    unseen = "" if prefix or owner.acls is not None else owner.no_login
    return PublicAccess(owner.bucket, prefix, views, taken=tuple(taken), unseen=unseen)


def segments_of(owner: Owner) -> Iterator[str]:
    """The containers of segments that belong to the bucket, as far as a login sees them; with keys alone, by policy."""
    for name in (f"{owner.bucket}_segments", f"{owner.bucket}+segments"):
        if _exists(owner, name):
            yield name


def _exists(owner: Owner, name: str) -> bool:
    if owner.acls is not None:
        return owner.acls.exists(name)
    try:
        return owner.policies is not None and owner.policies.read(name) is not None
    except JsobjError as error:  # not there, another project's, or no name that S3 allows
        if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
            raise
        return False


def _add_statements(owner: Owner, prefix: str, listed: bool, undo: ExitStack) -> None:
    """Ours in, in the place of our earlier ones; the undo changes nothing that others wrote meanwhile."""
    assert owner.policies is not None
    sids, ours = public_sids(prefix), public_statements(owner.bucket, prefix, listed=listed)
    before = Policy.read(owner.policies.read(owner.bucket))
    earlier = tuple(each for each in before.statements if sid_of(each) in sids)

    def put(statements: tuple[Statement, ...]) -> None:
        assert owner.policies is not None
        change_policy(
            owner.policies,
            owner.bucket,
            lambda policy: policy.without(lambda each: sid_of(each) in sids and each not in statements).with_statements(
                statements
            ),
        )

    undo.callback(put, earlier)
    put(ours)


def _remove_statements(owner: Owner, prefix: str) -> tuple[list[str], list[str]]:
    """What was taken away, and what everybody may still do below the prefix, in words."""
    assert owner.policies is not None
    policy = Policy.read(owner.policies.read(owner.bucket))
    gone = [each for each in policy.statements if is_public(each) and concerns(each, owner.bucket, prefix)]
    named = [for_those_named(each) if each in gone else each for each in policy.statements]
    left = replace(policy, statements=tuple(each for each in named if each is not None))
    if gone:
        owner.policies.write(owner.bucket, left.text())
    rest = [words(each) for each in left.statements if is_public(each) and reaches(each, owner.bucket, prefix)]
    return [f"to {words(each)}, by its policy" for each in gone], rest


def _require_login(owner: Owner) -> None:
    """Raises :class:`JsobjError` (auth) where there is no way to change anything."""
    if owner.policies is None and owner.acls is None:
        raise JsobjError(
            "public-needs-login",
            f"container '{owner.bucket}' is on a Swift, where only a login may say who can read",
            code=ExitCode.AUTH,
            context=owner.no_login,
            hint="log in first: jsobj login RCFILE",
        )


def _require_acl(owner: Owner, prefix: str, listed: bool) -> None:
    """Raises :class:`JsobjError` for what an access control list cannot express, with what to use instead."""
    keys = f"; with S3 keys it can: jsobj ec2-creds{owner.at}" if owner.server != "swift" else ""
    if prefix:
        here = shlex.quote(f"swift://{owner.bucket}/{prefix}")
        raise JsobjError(
            "public-prefix",
            f"the Swift API opens whole containers, not what is below '{prefix}'{keys}",
            code=ExitCode.REFUSED,
            hint=f"put what is public into a container of its own: jsobj cp {here} swift://NEW/{owner.at}; "
            "or hand out a link: jsobj presign",
        )
    if not listed and owner.server != "swift":
        raise JsobjError(
            "public-list",
            f"over this server's Swift API everybody who may read may also list{keys}",
            code=ExitCode.REFUSED,
            hint="allow the list too: --list",
        )


def _open_acl(owner: Owner, container: str, listed: bool | None, undo: ExitStack) -> None:
    acls = owner.acls
    assert acls is not None
    before = acls.read(container)
    after = swift_acl.made_public(before, listed=listed)
    old, new = swift_acl.elements(before), swift_acl.elements(after)

    def put_back() -> None:
        """What was put in goes, what was taken out comes back, and what others wrote meanwhile stays."""
        now = swift_acl.elements(acls.read(container))
        kept = [each for each in now if each in old or each not in new]
        acls.write(
            container, swift_acl.joined([*kept, *(each for each in old if each not in kept and each not in new)])
        )

    undo.callback(put_back)
    acls.write(container, after)


def _not_honoured(owner: Owner, prefix: str, views: tuple[AnonymousView, ...], closed: list[str]) -> JsobjError:
    segments = [f"{each} stays closed, and with it large objects" for each in closed]
    return JsobjError(
        "not-published",
        f"the server took the setting, but without a login {owner.bucket}/{prefix} is not read as it should be; "
        "it was put back",
        code=ExitCode.REFUSED,
        context="; ".join([_seen(views), *segments]),
        hint=f"see who may read, and what forbids it: jsobj bucket show {shlex.quote(owner.bucket)}{owner.at}",
    )


def _still_public(
    owner: Owner, prefix: str, views: tuple[AnonymousView, ...], taken: list[str], rest: list[str]
) -> JsobjError:
    """What was taken away is said, so that nothing seems to be undone."""
    login = [f"access control lists were not looked at: {owner.no_login}"] if owner.no_login else []
    still, gone = [f"they may {each}" for each in rest], [f"taken away: {each}" for each in taken]
    hint = "log in, so that access control lists can be changed too; an object may have an ACL of its own"
    if prefix:
        hint = f"to close all of the bucket: jsobj bucket private {shlex.quote(owner.bucket)}{owner.at}"
    return JsobjError(
        "still-public",
        f"everybody may still do something with {owner.bucket}/{prefix}",
        code=ExitCode.REFUSED,
        context="; ".join([_seen(views), *still, *gone, *login]),
        hint=hint,
    )


def _not_proven(owner: Owner, prefix: str, views: tuple[AnonymousView, ...], taken: list[str]) -> JsobjError:
    return JsobjError(
        "private-not-proven",
        f"without a login {owner.bucket}/{prefix} was neither read nor refused, so nothing is proven",
        code=ExitCode.FAILURE,
        context="; ".join([_seen(views), *(f"taken away: {each}" for each in taken)]),
        hint="run it again; where the server knows no such bucket, log in first: jsobj login RCFILE",
    )


def _seen(views: tuple[AnonymousView, ...]) -> str:
    return "; ".join(f"{view.url}: object HTTP {view.object}, list HTTP {view.listing}" for view in views)
