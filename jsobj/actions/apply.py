"""Apply: do just what the plan of a sync says that was written to a file before."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import IO

from jsobj.actions.context import ActionContext
from jsobj.actions.sync import carry_out, comparing, one_at_a_time, require_one_process
from jsobj.actions.sync_backup import new_backup, require_there
from jsobj.actions.sync_ends import opened_ends, place_of, require_deletable
from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.events import Started
from jsobj.transfer.local.scan import follows
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.sync.comparison import Check
from jsobj.transfer.sync.decision import DELETE
from jsobj.transfer.sync.opened_plan import OpenedPlan
from jsobj.transfer.sync.plan_file import Head, damaged, read_head


def head_of(path: str) -> Head:
    """What a plan is for. Raises :class:`JsobjError`: local (it cannot be read), usage (it is damaged)."""
    with _opened(path) as file:
        return read_head(file, path)


def apply(context: ActionContext, path: str, options: Options, *, backup: str = "") -> Result:
    """Do a plan, item by item; what has changed on either side since is refused.

    Raises :class:`JsobjError`: usage (the plan is damaged), auth (the login leads elsewhere), local (it runs already).
    """
    with _opened(path) as file, contextlib.ExitStack() as stack:
        head = read_head(file, path)
        ends = stack.enter_context(
            opened_ends(
                context,
                place_of(head.source),
                place_of(head.target),
                lambda *now: replace(head, source=now[0], target=now[1]),
                links=follows(head.links),
            )
        )
        require_one_process(options, across=ends.source_store is not None and ends.target_store is not None)
        for store, planned, shown in (
            (ends.source_store, head.at_source, head.source),
            (ends.target_store, head.at_target, head.target),
        ):
            if store is not None:
                require_there(planned, store, shown)
        plan = OpenedPlan.read(file, path, ends.source, ends.target)
        if plan.totals.actions[DELETE]:
            require_deletable(context, ends)
        stack.enter_context(one_at_a_time(context, ends))
        kept = new_backup(context, ends, backup) if backup else None
        comparison = stack.enter_context(comparing(context, ends, Check.CONTENT))
        context.emit(Started("sync", head.source, head.target))
        return carry_out(context, ends, plan, comparison, options, backup=kept, made_before=True)


@contextlib.contextmanager
def _opened(path: str) -> Generator[IO[str]]:
    try:
        file = Path(path).open(encoding="ascii")  # noqa: SIM115 - closed below; here only what opening it raises is meant
    except (OSError, ValueError) as error:
        raise JsobjError(
            "plan-unreadable",
            f"cannot read the plan {path}",
            code=ExitCode.LOCAL,
            context=getattr(error, "strerror", None) or str(error),
            hint="a plan is made by: jsobj sync SRC DEST --plan FILE",
        ) from error
    with file:
        try:
            yield file
        except UnicodeDecodeError as error:
            raise damaged(path, "it is not text") from error
