"""What a sync replaces or deletes, kept under the run's id, and putting it back."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from jsobj.actions.context import ActionContext
from jsobj.actions.copy import terms_of
from jsobj.actions.sync_ends import Ends, prefix_of, where
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.net.body import uncounted
from jsobj.parallel_map import parallel_map
from jsobj.store.location import Location, first_of, parse_location
from jsobj.store.objects import Store
from jsobj.transfer.compare import md5_of
from jsobj.transfer.copy.items import same_server
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.events import Done, Event, EventBus, Failed, Listener, Skipped, Started
from jsobj.transfer.journal.database import make_folder, opened_private, translate_errors
from jsobj.transfer.local.kept_time import is_same_time
from jsobj.transfer.local.local_file import opened
from jsobj.transfer.outcomes import Result, ends_run
from jsobj.transfer.part_layout import PART_SIZE
from jsobj.transfer.sync.backup import FileKeeper, Keeper, ObjectKeeper
from jsobj.transfer.sync.decision import COPY, DELETE, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.opened_plan import KEPT, OpenedPlan
from jsobj.transfer.sync.plan_file import Head, PlanWriter, read_head
from jsobj.transfer.sync.sides import BucketSide, FolderSide, Side
from jsobj.transfer.targets import absolute

PLAN, RESULTS = "plan.ndjson", "results.ndjson"
_AT_ONCE = 8


def records_folder(state_dir: Path) -> Path:
    """Where runs are recorded that can be undone, a folder for each, named by its id."""
    return state_dir / "undo"


@dataclass(frozen=True, slots=True)
class Backup:
    """Of one run. ``place``: what the backups of all runs are below; ``folder``: its record."""

    id: str
    place: str
    folder: Path
    keeper: Keeper

    @contextlib.contextmanager
    def recording(self, context: ActionContext, ends: Ends, plan: OpenedPlan) -> Generator[tuple[OpenedPlan, EventBus]]:
        """The plan, kept in the record, and a bus that records what became of each name.

        Raises :class:`JsobjError` (local).
        """
        with translate_errors(self.folder), contextlib.ExitStack() as stack:
            make_folder(self.folder)
            begun = self.folder / f"{PLAN}.new"
            kept = stack.enter_context(_private(begun))
            head = replace(plan.head, backup=self.place)
            writer = PlanWriter(kept, head)
            for decision in plan.decisions(*KEPT):
                writer.add(decision)
            writer.end()
            begun.replace(self.folder / PLAN)  # a record is whole, or not there
            results = stack.enter_context(_private(self.folder / RESULTS))
            files = stack.pop_all()
        with files, closing(self.keeper):
            bus = EventBus(_Results(results, context.emit, ends), context.tally)
            yield replace(plan, file=kept, head=head, name=str(self.folder / PLAN)), bus


def backup_of(context: ActionContext, ends: Ends, text: str) -> tuple[str, Callable[[str], Keeper]]:
    """Where backups of a target go, as an absolute text, and what keeps them there for an id.

    Raises :class:`JsobjError`: usage (in the target itself, or on another server), not found, local (a file is there).
    """
    if isinstance(ends.target, FolderSide):
        if "://" in text:
            raise BadUsage("--backup of a folder is a folder", hint="--backup ../replaced")
        folder = absolute(text).rstrip("/")
        if _inside(os.path.realpath(folder), os.path.realpath(ends.target.root)):
            raise _in_target(text)
        TargetFolder(folder).require_possible()
        return folder, lambda ident: FileKeeper(TargetFolder(str(Path(folder, ident))))
    assert isinstance(ends.target, BucketSide)
    store, target = ends.target.store, ends.target
    stores = context.to or context.stores
    location = (
        parse_location(text, foreign=True) if "://" in text else Location(store.place.dialect, store.place.bucket, text)
    )
    place = stores.of(location)
    prefix = prefix_of(location.key)
    if not same_server(place.place, store.place):
        raise BadUsage("--backup is a prefix in the same bucket, or in another one of the same login")
    if place.place.bucket == store.place.bucket and prefix.startswith(target.prefix):
        raise _in_target(text)
    source = ends.source
    if isinstance(source, BucketSide) and source.store.place == place.place and prefix.startswith(source.prefix):
        raise _in_target(text, "source")
    first_of(place.list(prefix))  # raises where there is no such bucket
    copier = copier_within(context, store, place)
    return place.place.url(prefix), lambda ident: ObjectKeeper(copier, lambda name: f"{prefix}{ident}/{name}")


def copier_within(context: ActionContext, source: Store, target: Store) -> ObjectCopier:
    """Copies on the server, where one login sees both."""
    terms = terms_of(context, one_server=True, part_size=PART_SIZE)
    return ObjectCopier(source, target, replace(terms, at_source=terms.at_target), uncounted, context.warn)


def new_backup(context: ActionContext, ends: Ends, text: str) -> Backup:
    """For a run that begins. Raises :class:`JsobjError` as :func:`backup_of`."""
    ident = secrets.token_hex(6)
    place, keeper_of = backup_of(context, ends, text)
    return Backup(ident, place, records_folder(context.stores.settings.state_dir) / ident, keeper_of(ident))


def _inside(path: str, folder: str) -> bool:
    return f"{path}/".startswith(folder if folder.endswith("/") else f"{folder}/")


def _in_target(text: str, side: str = "target") -> JsobjError:
    return JsobjError(
        "sync-backup-in-target",
        f"--backup {text} is in the {side}: the next sync would take it for data",
        code=ExitCode.USAGE,
        hint=f"choose a place beside the {side}, or another bucket",
    )


def _private(path: Path) -> IO[str]:
    return os.fdopen(opened_private(path), "w+", encoding="ascii")


class _Results:
    """Writes what each name is once it was moved, and passes all events on."""

    def __init__(self, file: IO[str], listener: Listener, ends: Ends) -> None:
        self._file = file
        self._listener = listener
        self._ends = ends

    def __call__(self, event: Event) -> None:
        """A :data:`Listener`; the bus calls it from one thread at a time."""
        if isinstance(event, Done) and event.destination:
            name, state = self._of(event)
            self._file.write(json.dumps({"name": name, "state": state}) + "\n")
            self._file.flush()
        self._listener(event)

    def _of(self, event: Done) -> tuple[str, dict[str, Any] | None]:
        target, folder = self._ends.target, self._ends.folder
        if folder is not None:
            found = folder.look(tuple(event.destination.split("/")))
            return event.destination, None if found is None else Entry.of_file(found).to_json()
        assert isinstance(target, BucketSide)
        whole = target.shown("")
        cut = whole if event.destination.startswith(whole) else target.prefix  # a copy tells its URL, an upload its key
        return event.destination.removeprefix(cut), {"etag": event.etag}


# -- putting it back


def undo(context: ActionContext, ident: str) -> Result:
    """Put back what one run has replaced or deleted; what has changed since is left alone, and named.

    Raises :class:`JsobjError`: not found (no such run), usage (damaged), and the store's.
    """
    folder = records_folder(context.stores.settings.state_dir) / ident
    with translate_errors(folder), contextlib.ExitStack() as stack:
        file = stack.enter_context((folder / PLAN).open(encoding="ascii"))
        results = _results(folder / RESULTS)
        files = stack.pop_all()
    with files:
        head = read_head(file, str(folder / PLAN))
        target, kept, back = _restorer(context, head, ident)
        files.enter_context(closing(back))
        source = target if "://" in head.source else FolderSide(head.source)
        plan = OpenedPlan.read(file, str(folder / PLAN), source, target)
        context.emit(Started("undo", kept.shown(""), head.target))
        failures: list[JsobjError] = []

        def restore(decision: Decision) -> Done | Skipped | Failed | None:
            try:
                return _restored(decision, target, kept, back, results)
            except JsobjError as error:
                if ends_run(error):
                    raise
                return Failed(target.shown(decision.name), error)

        changed = (each for each in plan.decisions(COPY, DELETE) if each.target is not None)
        with closing(parallel_map(restore, changed, _AT_ONCE, stop=context.stop)) as ended:
            for event in ended:
                if isinstance(event, Failed):
                    failures.append(event.error)
                    context.tally.item_failed()
                elif isinstance(event, Skipped):
                    context.tally.item_skipped(compared=True)
                elif event is not None:
                    context.tally.item_done(event.size, verified=False)
                if event is not None:
                    context.emit(event)
    summary = replace(context.tally.summary("undo"), size=context.tally.done_bytes)
    context.emit(summary)
    return Result.of(summary, failures)


def _restored(
    decision: Decision, target: Side, kept: Side, back: Keeper, results: Mapping[str, dict[str, Any]]
) -> Done | Skipped | Failed | None:
    """None where the run has never come to this name."""
    name, before = decision.name, decision.target
    assert before is not None
    ((_, now),) = target.now([name])
    ((_, backup),) = kept.now([name])
    shown = target.shown(name)
    if now is not None and (now.is_same(before) or (backup is not None and _same_content(now, backup))):
        return Skipped(shown, "as it was before")
    if backup is None:
        if now is not None and decision.action == DELETE:
            return None
        return Failed(shown, _cannot(shown, f"nothing is kept of it in {kept.shown('')}"))
    if now is not None and (decision.action == DELETE or not _left_so(now, results.get(name), decision.source)):
        reason = f"it is not as the run left it; what was there before is {kept.shown(name)}"
        return Failed(shown, _cannot(shown, reason))
    back(backup)
    return Done(shown, shown, before.size, "")


def _same_content(now: Entry, backup: Entry) -> bool:
    """Whether a target has been put back already. Sizes and times of two files may be equal by chance."""
    if now.file is None or backup.file is None:
        return now.size == backup.size and _digest(now) == _digest(backup)
    if now.size != backup.size or not is_same_time(now.file.mtime_ns, backup.file.mtime_ns):
        return False
    return _digest(now) == _digest(backup)


def _left_so(now: Entry, left: Mapping[str, Any] | None, source: Entry | None) -> bool:
    """Whether a target is as the run left it. One that was killed could not note what it had just written."""
    if left is None:
        with contextlib.suppress(JsobjError):  # the source has changed since, or is gone
            return source is not None and source.size == now.size and _digest(source) == _digest(now)
        return False
    if now.listed is not None:
        return bool(now.listed.etag) and now.listed.etag == left.get("etag")
    return {**now.to_json(), "seen_ns": 0} == {**left, "seen_ns": 0}


def _digest(entry: Entry) -> str:
    """The MD5, or what an object has instead."""
    if entry.file is None:
        return entry.object.info.whole_md5 or entry.object.etag
    with opened(entry.file) as descriptor:
        return md5_of(descriptor, 0, entry.size)


def _restorer(context: ActionContext, head: Head, ident: str) -> tuple[Side, Side, Keeper]:
    """The target, what is kept of it, and what copies from there to the target."""
    if "://" not in head.target:
        folder = str(Path(head.backup, ident))
        return FolderSide(head.target), FolderSide(folder), FileKeeper(TargetFolder(head.target))
    at, beside = parse_location(head.target, foreign=True), parse_location(head.backup, foreign=True)
    store, other = context.stores.of(at), context.stores.of(beside)
    require_there(head.at_target, store, head.target)
    target, kept = BucketSide(store, at.key), BucketSide(other, f"{beside.key}{ident}/")
    return target, kept, ObjectKeeper(copier_within(context, other, store), target.place)


def require_there(planned: str, store: Store, shown: str) -> None:
    """Raise :class:`JsobjError` (auth) where a login leads to another server or project than the plan's."""
    if where(store.place) != planned:
        raise JsobjError(
            "plan-elsewhere",
            f"the plan is for {shown} at {planned}, and the login in use leads to {where(store.place)}",
            code=ExitCode.AUTH,
            hint="name the login that it was made with: --cloud NAME or --profile NAME",
        )


def _results(path: Path) -> dict[str, dict[str, Any]]:
    """The last state of each name. A line that a kill has cut says nothing."""
    found: dict[str, dict[str, Any]] = {}
    with contextlib.suppress(FileNotFoundError), path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                values = json.loads(line)
                found[values["name"]] = dict(values["state"])
    return found


def _cannot(shown: str, reason: str) -> JsobjError:
    return JsobjError(
        "undo-refused", f"{shown} was not put back: {reason}", code=ExitCode.REFUSED, hint="look at both, and copy it"
    )


def undoable(state_dir: Path) -> Iterator[tuple[str, Head]]:
    """The runs that are recorded, in no order; what cannot be read is left out."""
    with contextlib.suppress(FileNotFoundError):
        for folder in records_folder(state_dir).iterdir():
            with contextlib.suppress(OSError, JsobjError), (folder / PLAN).open(encoding="ascii") as file:
                yield folder.name, read_head(file, str(folder))
