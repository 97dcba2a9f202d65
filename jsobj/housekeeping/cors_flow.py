"""Which web pages may read a bucket: set, shown, taken away, and each time proven as a browser would find out."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.cors import CorsRule
from jsobj.housekeeping.cors_proof import STRANGER, CorsView, look_at, origins_to_try
from jsobj.housekeeping.rule_keepers import CorsKeeper
from jsobj.store.links.public_look import PublicServer


@dataclass(frozen=True, slots=True)
class CorsBucket:
    """The bucket that is meant. ``sample``: the key of an object in it, "" for none; ``at``: options for hints."""

    bucket: str
    place: PublicServer
    keeper: CorsKeeper
    sample: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class CorsOutcome:
    """The rules before and now, and what pages were answered."""

    before: tuple[CorsRule, ...]
    rules: tuple[CorsRule, ...]
    views: tuple[CorsView, ...]


def set_cors(target: CorsBucket, rules: Sequence[CorsRule], keep: Callable[[Sequence[CorsRule]], None]) -> CorsOutcome:
    """Replace all rules. ``keep`` is given the old ones before anything changes; put back where the proof fails.

    Raises :class:`JsobjError` (refused) where the server does not do what the rules say.
    """
    wanted, before = tuple(rules), target.keeper.read()
    if before and before != wanted:
        keep(before)
    with contextlib.ExitStack() as undo:
        undo.callback(target.keeper.write, before)
        target.keeper.write(wanted)
        now = target.keeper.read()
        views = look_at(target.place, target.bucket, target.sample, now, origins_to_try(wanted))
        if not now or not all(view.right for view in views):
            raise _not_honoured(target, views)
        undo.pop_all()
    return CorsOutcome(before, now, views)


def clear_cors(target: CorsBucket, keep: Callable[[Sequence[CorsRule]], None]) -> CorsOutcome:
    """Take all rules away. Raises :class:`JsobjError` (refused) where pages of other origins may still read."""
    before = target.keeper.read()
    if before:
        keep(before)
        target.keeper.write(())
    now = target.keeper.read()
    views = look_at(target.place, target.bucket, target.sample, now, origins_to_try(before))
    if now or not all(view.right for view in views):
        raise JsobjError(
            "cors-still-there",
            f"web pages of other origins are still let read '{target.bucket}'",
            code=ExitCode.REFUSED,
            context=seen(views),
            hint=f"see what is set: jsobj bucket cors show {shlex.quote(target.bucket)}{target.at}",
        )
    return CorsOutcome(before, now, views)


def show_cors(target: CorsBucket) -> CorsOutcome:
    """The rules, and how pages of their origins and of another one are answered now."""
    now = target.keeper.read()
    views = look_at(target.place, target.bucket, target.sample, now, origins_to_try(now)[:1], (STRANGER,))
    return CorsOutcome(now, now, views)


def _not_honoured(target: CorsBucket, views: tuple[CorsView, ...]) -> JsobjError:
    return JsobjError(
        "cors-not-honoured",
        f"the server took the rules of '{target.bucket}', but does not answer web pages so; the old ones were put back",
        code=ExitCode.REFUSED,
        context=seen(views),
        hint="a proxy in front of the server may answer in its place: ask its operator",
    )


def seen(views: Sequence[CorsView]) -> str:
    """The answers, as evidence."""
    words = {True: "allowed", False: "not allowed"}
    return "; ".join(
        f"{view.url} for {view.origin}: OPTIONS HTTP {view.asked_status}, {words[view.asked]}; "
        f"GET HTTP {view.read_status}, {words[view.read]}"
        for view in views
    )
