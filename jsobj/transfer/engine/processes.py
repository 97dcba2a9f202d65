"""Child processes that perform units: forked, each with a performer of its own, connected by socket pairs.

A child has one thread for each of its slots, and each slot has a socket pair of its own, so messages never mix. Its
main thread waits for orders and reports what it counted. Children never print, touch no journal, and die with their
parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.engine.work import Performer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from jsobj.transfer.events import Tally

Perform = Callable[[Any], Any]  # a unit to its value; raises JsobjError
MakePerformer = Callable[[], Perform]

_REPORT_SECONDS = 0.2
_GRACE_SECONDS = 2.0  # for a child to end by itself
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Fatal(Exception):
    """What ended a child's unit beside a :class:`JsobjError`, or kept the child from starting: the run ends with it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class WorkerDied(JsobjError):
    """A child process was killed while it performed a unit."""


class ProcessPool:
    """The child processes of one run, as a context manager; ``slots`` are its performers."""

    def __init__(self, processes: int, workers: int, make_performer: MakePerformer, tally: Tally | None = None) -> None:
        self._counts = [len(range(number, max(workers, processes), processes)) for number in range(processes)]
        self._make_performer = make_performer
        self._tally = tally
        self._children: list[_Child] = []
        self._collecting = threading.Lock()

    @property
    def slots(self) -> Sequence[Slot]:
        """One performer for each thread of a child."""
        return [slot for child in self._children for slot in child.slots]

    def __enter__(self) -> ProcessPool:
        try:
            for count in self._counts:
                self._children.append(self._fork(count))
        except BaseException:
            self._end(0.0)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._end(_GRACE_SECONDS if kind is None or issubclass(kind, Exception) else 0.5)

    def collect_reports(self) -> None:
        """Add what the children have counted so far."""
        with self._collecting:
            for child in self._children:
                self._drain(child, 0.0)

    def stop(self) -> None:
        """Have every child abort what it waits for."""
        for child in self._children:
            child.order("stop")

    def wind_down(self, seconds: float) -> int:
        """Have every child abort what cannot end within ``seconds``; how many of them have something in hand."""
        busy = [child for child in self._children if any(slot.busy for slot in child.slots)]
        for child in busy:
            child.order("wind-down", seconds)
        return len(busy)

    def all_gone(self) -> JsobjError:
        """The error for a run that has no child left."""
        return JsobjError(
            "workers-died",
            "every worker process was killed before the work was done",
            code=ExitCode.FAILURE,
            context="the system ends processes when memory runs out: look with dmesg",
            hint="run the same command again with fewer processes: --processes 1, or without the option",
        )

    # -- beginning

    def _fork(self, count: int) -> _Child:
        from multiprocessing.connection import Pipe

        pairs = [Pipe() for _ in range(count + 1)]
        ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        parent = os.getpid()
        with warnings.catch_warnings():
            # Python warns where threads exist (a progress bar's). The child takes no lock that they can hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            for connection in (*ours, *(c for child in self._children for c in child.connections)):
                connection.close()  # else a sibling keeps the pair open after the parent's death
            _child_main(theirs, parent, self._make_performer, self._tally)
        for connection in theirs:
            connection.close()
        return _Child(pid, ours)

    # -- while it runs, and the end

    def _drain(self, child: _Child, seconds: float) -> bool:
        """Read the reports that come within ``seconds``; whether the child has closed its end."""
        deadline = time.monotonic() + seconds
        while not child.ended:
            try:
                if not child.control.poll(max(0.0, deadline - time.monotonic())):
                    return False
                count, retries = child.control.recv()
            except (EOFError, OSError):
                child.ended = True
                break
            if self._tally is not None:
                self._tally.moved(count)
                self._tally.retried(retries)
        return True

    def _end(self, grace: float) -> None:
        for child in self._children:
            child.order("end")
        deadline = time.monotonic() + grace
        with self._collecting:
            for child in self._children:
                if not self._drain(child, max(0.0, deadline - time.monotonic())):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):  # another handler has waited for it
                    os.waitpid(child.pid, 0)
                for connection in child.connections:
                    connection.close()
        self._children.clear()


class _Child:
    """What the parent knows of a child."""

    def __init__(self, pid: int, connections: Sequence[Connection[Any, Any]]) -> None:
        self.pid = pid
        self.connections = connections
        self.control = connections[0]
        self.slots = [Slot(pid, connection) for connection in connections[1:]]
        self.ended = False

    def order(self, word: str, seconds: float = 0.0) -> None:
        """Send an order to the child's main thread, if the child lives."""
        with contextlib.suppress(OSError):
            self.control.send((word, seconds))


class Slot:
    """A performer in a child, called from one thread; after :class:`WorkerDied` not any more."""

    def __init__(self, pid: int, connection: Connection[Any, Any]) -> None:
        self._pid = pid
        self._connection = connection
        self.busy = False

    def __call__(self, unit: Any) -> Any:
        """What the child's performer returns; raises its :class:`JsobjError`, or :class:`Fatal`."""
        self.busy = True
        try:
            self._connection.send(unit)
            kind, value = self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerDied(
                "worker-died",
                f"the worker process {self._pid} was killed while it worked on this",
                code=ExitCode.FAILURE,
                context="the system ends processes when memory runs out: look with dmesg",
                hint="run the same command again; fewer --processes need less memory",
            ) from error
        finally:
            self.busy = False
        if kind == "fatal":
            raise Fatal(value)
        if kind == "error":
            raise value
        return value


# -- the child


def _child_main(
    connections: Sequence[Connection[Any, Any]], parent: int, make_performer: MakePerformer, tally: Tally | None
) -> NoReturn:
    """Run the child. It ends without cleaning up: what is open here belongs to the parent."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the parent decides
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        die_with(parent)
        _serve_all(connections, make_performer, tally)
    finally:
        os._exit(0)


def die_with(parent: int) -> None:
    """End this child when its parent ends, where the system can do that."""
    import ctypes

    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:
        return  # not Linux: there, the closed pairs end the child after its unit
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call
        os._exit(0)


def _serve_all(connections: Sequence[Connection[Any, Any]], make_performer: MakePerformer, tally: Tally | None) -> None:
    control, *slots = connections
    sent = (tally.bytes, tally.retries) if tally is not None else (0, 0)

    def report() -> None:
        """Send the bytes and retries that were counted since the last report, if any."""
        nonlocal sent
        now = (tally.bytes, tally.retries) if tally is not None else sent
        if now != sent:
            with contextlib.suppress(OSError):
                control.send((now[0] - sent[0], now[1] - sent[1]))
            sent = now

    perform, failure = _build_performer(make_performer)
    for connection in slots:
        threading.Thread(target=_serve, args=(connection, perform, failure), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            if control.poll(_REPORT_SECONDS):
                word, seconds = control.recv()
                if word == "end":
                    break
                if isinstance(perform, Performer) and (word == "stop" or not perform.wind_down(seconds)):
                    perform.stop()
            report()
    if isinstance(perform, Performer):
        perform.close()
    report()


def _build_performer(make_performer: MakePerformer) -> tuple[Perform | None, BaseException | None]:
    try:
        return make_performer(), None
    except BaseException as error:  # noqa: BLE001 - sent to the parent as the answer to each unit
        return None, error


def _serve(connection: Connection[Any, Any], perform: Perform | None, failure: BaseException | None) -> None:
    with contextlib.suppress(EOFError, OSError):  # the parent has closed its end
        while True:
            unit = connection.recv()
            answer = ("fatal", failure) if perform is None else _performed(perform, unit)
            connection.send_bytes(_packed(answer))


def _performed(perform: Perform, unit: Any) -> tuple[str, Any]:
    try:
        return "value", perform(unit)
    except JsobjError as error:
        return "error", error
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        return "fatal", error


def _packed(answer: tuple[str, Any]) -> bytes:
    """The answer as ``recv`` reads it; an error in its place where the value cannot be pickled."""
    import pickle

    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - pickle raises what it likes
        return pickle.dumps(("fatal", RuntimeError(f"{type(answer[1]).__name__} cannot leave its process: {error}")))
