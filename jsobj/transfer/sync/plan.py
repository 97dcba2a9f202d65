"""The plan of a sync: both sides merged, name by name, each with a decision and its reason.

Nothing is changed here. What is to be done is kept in a file, since there may be millions of names; what stays as it is
is only counted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from jsobj.errors import ExitCode, JsobjError, SourceVanished
from jsobj.parallel_map import awaited
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.key_path import PathRefusal, path_for
from jsobj.transfer.local.scan import Passed
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.sync.comparison import Comparison
from jsobj.transfer.sync.decision import COPY, DELETE, LEAVE_OUT, REFUSE, RENAME, SKIP, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.sides import BucketSide, FolderSide, Found, Side, in_order

_LOOKERS = 8  # entries that are compared at once
_DATA = frozenset({COPY, SKIP, REFUSE})
_LEEWAY = 900.0  # seconds by which clocks may differ: S3 accepts no more

Pair = tuple[Found | None, Found | None]


@dataclass(slots=True)
class Totals:
    """What a plan comes to. ``source`` and ``target``: entries of each side that take part, and their bytes.

    What only marks a folder does not count: a source that has nothing else is empty.

    ``replaced_newer``: of what would be replaced, how much was written clearly later than what would replace it.
    """

    actions: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    source: int = 0
    source_bytes: int = 0
    target: int = 0
    target_bytes: int = 0
    replaced: int = 0
    replaced_newer: int = 0

    def count(self, decision: Decision) -> None:
        """Add one decision."""
        self.actions[decision.action] += 1
        self.bytes[decision.action] += decision.size
        if decision.by is not None:
            self.decided[decision.by.word] += 1
        source, target = decision.source, decision.target
        if source is not None and decision.action in _DATA and not _is_marker(source):
            self.source, self.source_bytes = self.source + 1, self.source_bytes + source.size
        if target is not None:
            self.target, self.target_bytes = self.target + 1, self.target_bytes + target.size
        if decision.action == COPY and source is not None and target is not None:
            self.replaced += 1
            times = source.time, target.time
            self.replaced_newer += times[0] is not None and times[1] is not None and times[1] - times[0] > _LEEWAY

    def rename(self, decision: Decision) -> None:
        """Of what was counted to be copied, one is a rename."""
        for counter, number in ((self.actions, 1), (self.bytes, decision.size)):
            counter[COPY] -= number
            counter[RENAME] += number


@dataclass(frozen=True, slots=True)
class Planner:
    """Decides what makes ``target`` like ``source``. ``delete``: also by deleting what the source does not have.

    ``deletes_excluded``: even where a pattern leaves it out; ``on_extra`` is called with each
    entry that only the target has, and that stays. ``stop`` cuts all connections: it is called on an early end.
    """

    source: Side
    target: Side
    comparison: Comparison
    filters: Filters
    delete: bool = False
    deletes_excluded: bool = False
    on_extra: Callable[[Entry], object] = lambda entry: None
    stop: Callable[[], None] = lambda: None

    def decisions(self) -> Iterator[Decision]:
        """One for each name on either side, in order. Raises :class:`JsobjError` for a cause that ends the run."""
        filters = Filters() if self.deletes_excluded else self.filters
        pairs = merged(self.source.entries(self.filters), self.target.entries(filters))
        present = _Present()
        waiting: deque[Decision | Future[Decision]] = deque()
        with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as threads:
            try:
                for source, target in pairs:
                    decided = self._decided(source, target, present)
                    if isinstance(decided, tuple):
                        waiting.append(threads.submit(self._looked, *decided))
                    elif waiting:
                        waiting.append(decided)
                    else:
                        yield decided
                    while waiting and (not isinstance(waiting[0], Future) or len(waiting) > 4 * _LOOKERS):
                        yield _settled(waiting.popleft())
                while waiting:
                    yield _settled(waiting.popleft())
            except BaseException:
                for future in waiting:
                    if isinstance(future, Future):
                        future.cancel()
                self.stop()  # leaving the pool waits for what is under way
                raise

    def _decided(self, source: Found | None, target: Found | None, present: _Present) -> Decision | tuple[Entry, Entry]:
        if isinstance(source, Passed):
            present.add(source)
            if self.deletes_excluded and source.kind == "filter" and isinstance(target, Entry):
                return self._without_source(target, present)
            return _passed(source)
        if isinstance(target, Passed):
            return self._in_the_way(target, source)
        if source is None:
            assert target is not None
            return self._without_source(target, present)
        return self._of_source(source, target, present)

    def _of_source(self, source: Entry, target: Entry | None, present: _Present) -> Decision | tuple[Entry, Entry]:
        refusal = self.target.fits(source)
        if refusal is not None:
            if refusal.harmless:
                return Decision(LEAVE_OUT, source.name, refusal.reason, source)
            present.add(Passed(source.name, "", relative=source.name))
            return Decision(
                REFUSE, source.name, refusal.reason, source, error=_refused(self.source, source, refusal.reason)
            )
        if target is None:
            return Decision(COPY, source.name, "new", source)
        verdict = self.comparison.at_once(source, target)
        if verdict is None:
            return source, target
        if verdict.same:
            return Decision(SKIP, source.name, verdict.reason, source, target, by=verdict.by)
        return Decision(COPY, source.name, verdict.reason, source, target)

    def _looked(self, source: Entry, target: Entry) -> Decision:
        try:
            verdict = self.comparison.look(source, target)
        except JsobjError as error:
            if ends_run(error):
                raise
            return Decision(REFUSE, source.name, error.message, source, target, error=error)
        action, by = (SKIP, verdict.by) if verdict.same else (COPY, None)
        return Decision(action, source.name, verdict.reason, source, target, by=by)

    def _in_the_way(self, target: Passed, source: Entry | None) -> Decision:
        """What the target has that is no file, or cannot be read; a failure only where it keeps the two apart."""
        name = target.relative or target.path
        gone = isinstance(target.error, SourceVanished)
        if source is not None and (target.error is None or gone):
            reason = "new" if gone else f"in place of {target.reason.partition(':')[0]}"
            return Decision(COPY, name, reason, source)
        unknown = self.delete and name.endswith("/")  # nobody can tell what would have to be deleted there
        if target.error is None or gone or (source is None and not unknown):
            return Decision(LEAVE_OUT, name, f"in the target: {target.reason}", kind=target.kind)
        error = target.error.reworded(f"{target.path}, in the target: {target.reason}")
        return Decision(REFUSE, name, target.reason, error=error)

    def _without_source(self, target: Entry, present: _Present) -> Decision:
        def stays(reason: str) -> Decision:
            return Decision(LEAVE_OUT, target.name, reason, target=target)

        if reason := self._spared(target):
            return stays(reason)
        if present.covers(target.name):
            return stays("the source has something of this name that takes no part")
        if not self.delete:
            self.on_extra(target)
            return stays("not in the source; --delete would delete it")
        if self.deletes_excluded and (reason := self.filters.judge(target.name)):
            ((_, source),) = self.source.now([target.name])
            return Decision(DELETE, target.name, reason, source, target)
        return Decision(DELETE, target.name, "not in the source", target=target)

    def _spared(self, target: Entry) -> str:
        """Why something is none of the data, and stays; "" for data."""
        if _is_marker(target):  # folders make none, so it says nothing of them
            return "it only marks a folder" if isinstance(self.source, FolderSide) else ""
        path = path_for(target.name, size=target.size)
        own = isinstance(path, PathRefusal) and path.harmless
        if own or (isinstance(self.target, BucketSide) and self.target.spared(target.object)):
            return "it is what jsobj keeps beside data"
        return ""


class _Present:
    """What the source has and does not give: links, what cannot be read or has no name on the other side.

    Under such a name, and below it, nothing of the target is taken for deleted.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, passed: Passed) -> None:
        """What a pattern leaves out is not added: the same pattern leaves it out of the target."""
        if passed.kind != "filter" and passed.relative:
            self._names.add(passed.relative.rstrip("/"))

    def covers(self, name: str) -> bool:
        """Whether it is one of them, or below one."""
        if not self._names:
            return False
        parts = name.split("/")
        return any("/".join(parts[:depth]) in self._names for depth in range(1, len(parts) + 1))


def merged(source: Iterator[Found], target: Iterator[Found]) -> Iterator[Pair]:
    """Both sides, name by name; what only one has stands alone."""
    left, right = next(source, None), next(target, None)
    while left is not None or right is not None:
        first, second = _order(left), _order(right)
        if first is not None and (second is None or first <= second):
            yield left, right if first == second else None
            left = next(source, None)
            right = next(target, None) if first == second else right
        else:
            yield None, right
            right = next(target, None)


def _order(found: Found | None) -> bytes | None:
    if found is None:
        return None
    return in_order(found.relative if isinstance(found, Passed) else found.name)


def _is_marker(entry: Entry) -> bool:
    return not entry.size and (not entry.name or entry.name.endswith("/"))


def _settled(decision: Decision | Future[Decision]) -> Decision:
    return awaited(decision) if isinstance(decision, Future) else decision


def _passed(found: Passed) -> Decision:
    action = LEAVE_OUT if found.error is None else REFUSE
    return Decision(action, found.relative or found.path, found.reason, error=found.error, kind=found.kind)


def _refused(side: Side, entry: Entry, reason: str) -> JsobjError:
    return JsobjError(
        "key-refused",
        f"{side.shown(entry.name)}: {reason}",
        code=ExitCode.LOCAL,
        hint="rename it, or leave it out: --exclude NAME",
    )
