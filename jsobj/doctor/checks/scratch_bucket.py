"""The bucket in which the doctor writes, over S3 or Swift: a new one, or a prefix in the user's.

It is removed whatever happens.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed, skipped
from jsobj.errors import BucketNotEmpty, EndpointUnreachable, ExitCode, JsobjError, StoreUnreachable
from jsobj.store.buckets import BucketAdmin
from jsobj.store.location import Location, first_of
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest, open_account, open_store

PREFIX = "jsobj-doctor-"
_UNDER_WAY = 2.0  # seconds that are given to a request that Ctrl-C left under way
_PAUSES = (0.0, 0.5, 1.0)  # seconds before each look for what a slower request makes
_LISTINGS = 3  # how often a bucket may seem not to be empty: its listing or count may lag behind
_LAG = 1.0  # seconds between


@dataclass(slots=True)
class ScratchBucket:
    """Where to write: keys begin with ``prefix``. Without one the bucket is our own, and removed as a whole.

    Checks write within :meth:`working`; once the last removal has begun, none can.
    """

    account: BucketAdmin
    store: Store
    prefix: str
    gone: bool = False
    _busy: int = 0
    _closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def name(self) -> str:
        """The bucket's."""
        return self.store.place.bucket

    @property
    def own(self) -> bool:
        """Whether the bucket was made for this run."""
        return not self.prefix

    @property
    def url(self) -> str:
        """For people."""
        return f"{self.store.place.dialect}://{self.name}/{self.prefix}"

    @property
    def evidence(self) -> dict[str, str]:
        """Where a round trip was made."""
        return {"bucket": self.name, "made for this": "yes" if self.own else "no (--bucket)"}

    def key(self, name: str) -> str:
        """The key of an object of ours."""
        return f"{self.prefix}{name}"

    @contextmanager
    def working(self) -> Iterator[None]:
        """To be entered by each check while it writes. Raises :class:`JsobjError` (interrupted) at the doctor's end."""
        with self._changed:
            if self._closed:
                raise JsobjError("interrupted", "the doctor was stopped", code=ExitCode.INTERRUPTED)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def remove(self) -> None:
        """Delete all that is ours, and the bucket if it is. Does nothing the second time."""
        for attempt in range(1, _LISTINGS + 1):
            if self.gone:
                return
            for upload in self.store.uploads(self.prefix):
                self.store.abort(upload)
            for item in self.store.list(self.prefix):
                self.store.delete(item.key)
            try:
                if self.own:
                    self.account.delete(self.name)
            except BucketNotEmpty:
                if attempt == _LISTINGS:
                    raise
                time.sleep(_LAG)
            else:
                self.gone = True

    def remains(self) -> bool:
        """Whether something of ours is left: below the prefix, or the bucket itself."""
        try:
            return first_of(self.store.list(self.prefix)) is not None or self.own
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return False
            raise

    def remove_quietly(self) -> None:
        """The last try, after Ctrl-C or a failure that was reported already: errors are dropped.

        Ctrl-C does not reach the check's thread. Its request is given time to end; after one that takes longer, what
        is there is looked for more than once.
        """
        with self._changed:
            self._closed = True
            idle = self._changed.wait_for(lambda: not self._busy, _UNDER_WAY)
        self.store.stop()  # a clean-up under way in another thread ends
        self.store.revive()  # a server that has gone is not waited for
        for pause in _PAUSES[:1] if idle else _PAUSES:
            time.sleep(pause)
            try:
                self.remove()
            except (StoreUnreachable, EndpointUnreachable):
                return  # neither will the next look be answered
            except JsobjError:
                continue  # not there yet, or written into meanwhile
            if self.own:
                return
            self.gone = False  # in the user's bucket, an empty prefix does not prove that nothing more comes


def open_scratch(case: Case, dialect: str, create: Callable[[str], None]) -> ScratchBucket:
    """Make the bucket with ``create``, or take that of ``--bucket``. Its removal is registered before it is made:
    Ctrl-C may come while the answer is on its way.

    Raises :class:`jsobj.errors.JsobjError`.
    """
    mark = f"{PREFIX}{uuid.uuid4().hex[:12]}"
    scope, bucket = case.scope, case.scope.bucket
    request = StoreRequest(scope.cloud, scope.profile, log_in=lambda: needed(case.keystone))
    location = Location(dialect, bucket or mark)
    account = open_account(case.settings, location, request)
    store = case.undo.enter_context(closing(open_store(case.settings, location, request)))
    scratch = ScratchBucket(account, store, f"{mark}/" if bucket else "")
    if bucket:
        first_of(store.list(scratch.prefix))  # raises where there is no such bucket
    case.undo.callback(scratch.remove_quietly)
    if scratch.own:
        with scratch.working():
            create(mark)
    return scratch


def clean_up(case: Case) -> Finding:
    """Nothing of the doctor's is left behind."""
    made = [scratch for _, scratch in sorted(case.scratch.items())]
    if not made:
        return skipped("nothing was made")
    for scratch in made:
        scratch.remove()
    for scratch in made:
        if scratch.remains():
            what = "bucket delete" if scratch.own else "rm"
            return failed(f"{scratch.url} is still there", hint=f"jsobj {what} {scratch.url} --recursive")
    return passed(f"{' and '.join(scratch.url for scratch in made)} {'is' if len(made) == 1 else 'are'} gone again")
