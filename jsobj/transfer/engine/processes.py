"""Child processes that perform units: forked, each with a performer of its own, spoken to through socket pairs.

A child has one thread for each of its slots, and a slot has a pair of its own: no message is ever sorted. Its main
thread listens for the end and reports what it counted. Children never print, touch no journal, and die with their
parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from jsobj.transfer.events import Tally

_REPORT_SECONDS = 0.2
_GRACE_SECONDS = 2.0  # for a child to end by itself
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_uplink: _Uplink | None = None  # set in children only


class Fatal(Exception):
    """What ended a child's unit beside a :class:`JsobjError`, or kept the child from starting: the run ends with it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def tell_parent(message: object) -> bool:
    """In a child: hand a picklable value to the ``hear`` of the parent; true. In any other process: false."""
    if _uplink is None:
        return False
    _uplink.send(message)
    return True


class Offspring:
    """The children of one run, from :meth:`__enter__` to :meth:`__exit__`; ``slots`` are the performers meanwhile."""

    def __init__(
        self,
        processes: int,
        workers: int,
        make_performer: Callable[[], Callable[[Any], Any]],
        tally: Tally | None = None,
        hear: Callable[[Any], None] | None = None,
    ) -> None:
        self._counts = [len(range(number, max(workers, processes), processes)) for number in range(processes)]
        self._make_performer = make_performer
        self._tally = tally
        self._hear = hear
        self._children: list[_Child] = []
        self._listening = threading.Lock()

    @property
    def slots(self) -> Sequence[Slot]:
        """One performer for each thread of a child."""
        return [slot for child in self._children for slot in child.slots]

    def __enter__(self) -> Offspring:
        try:
            for count in self._counts:
                self._children.append(self._fork(count))
        except BaseException:
            self._end(0.0)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._end(_GRACE_SECONDS if kind is None or issubclass(kind, Exception) else 0.5)

    def listen(self) -> None:
        """Pass on what the children have reported so far."""
        with self._listening:
            for child in self._children:
                self._drain(child, 0.0)

    def stop(self) -> None:
        """Have every child cut what it waits for."""
        for child in self._children:
            child.order("stop")

    def all_gone(self) -> JsobjError:
        """The error for a run that has no child left to work for it."""
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
            # Python warns where threads exist already (a progress bar's). The child takes no lock that they can hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            for connection in (*ours, *(c for child in self._children for c in child.connections)):
                connection.close()  # else a brother would keep the pair open after the parent's death
            _live(theirs, parent, self._make_performer, self._tally)
        for connection in theirs:
            connection.close()
        return _Child(pid, ours)

    # -- while it runs, and the end

    def _drain(self, child: _Child, seconds: float) -> bool:
        """Take in what is there within ``seconds``; whether the child has hung up."""
        deadline = time.monotonic() + seconds
        while not child.ended:
            try:
                if not child.control.poll(max(0.0, deadline - time.monotonic())):
                    return False
                message = child.control.recv()
            except (EOFError, OSError):
                child.ended = True
                break
            if isinstance(message, _Counted):
                if self._tally is not None:
                    self._tally.moved(message.bytes)
                    self._tally.retried(message.retries)
            elif self._hear is not None:
                self._hear(message)
        return True

    def _end(self, grace: float) -> None:
        for child in self._children:
            child.order("end")
        deadline = time.monotonic() + grace
        with self._listening:
            for child in self._children:
                if not self._drain(child, max(0.0, deadline - time.monotonic())):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):  # somebody else's handler has waited for it
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

    def order(self, word: str) -> None:
        """Tell the child's main thread; a dead child is told nothing."""
        with contextlib.suppress(OSError):
            self.control.send(word)


class Slot:
    """A performer in a child, called from one thread. ``gone``: the child is dead, and it can be called no more."""

    def __init__(self, pid: int, connection: Connection[Any, Any]) -> None:
        self._pid = pid
        self._connection = connection
        self.gone = False

    def __call__(self, unit: Any) -> Any:
        """What the child's performer returns; raises its :class:`JsobjError`, or :class:`Fatal`."""
        try:
            self._connection.send(unit)
            kind, value = self._connection.recv()
        except (EOFError, OSError) as error:
            self.gone = True
            raise JsobjError(
                "worker-died",
                f"the worker process {self._pid} was killed while it worked on this",
                code=ExitCode.FAILURE,
                context="the system ends processes when memory runs out: look with dmesg",
                hint="run the same command again; fewer --processes need less memory",
            ) from error
        if kind == "fatal":
            raise Fatal(value)
        if kind == "error":
            raise value
        return value


# -- the child


class _Counted:
    """Bytes and retries since the last report."""

    def __init__(self, bytes_: int, retries: int) -> None:
        self.bytes = bytes_
        self.retries = retries


class _Uplink:
    """The child's way to its parent."""

    def __init__(self, control: Connection[Any, Any], tally: Tally | None) -> None:
        self._control = control
        self._tally = tally
        self._lock = threading.Lock()
        self._told = (tally.bytes, tally.retries) if tally is not None else (0, 0)

    def send(self, message: object) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._control.send(message)

    def report(self) -> None:
        if self._tally is None:
            return
        now = (self._tally.bytes, self._tally.retries)
        if now != self._told:
            self.send(_Counted(now[0] - self._told[0], now[1] - self._told[1]))
            self._told = now


def _live(
    connections: Sequence[Connection[Any, Any]],
    parent: int,
    make_performer: Callable[[], Callable[[Any], Any]],
    tally: Tally | None,
) -> NoReturn:
    """The child's whole life. It leaves without the parent's undo: none of what is open here is the child's."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the parent decides
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _die_with(parent)
        _serve_all(connections, make_performer, tally)
    finally:
        os._exit(0)


def _die_with(parent: int) -> None:
    if sys.platform != "linux":
        return  # there, the closed pairs end the child after its unit
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call
        os._exit(0)


def _serve_all(
    connections: Sequence[Connection[Any, Any]],
    make_performer: Callable[[], Callable[[Any], Any]],
    tally: Tally | None,
) -> None:
    global _uplink
    control = connections[0]
    _uplink = uplink = _Uplink(control, tally)
    perform, failure = _made(make_performer)
    for connection in connections[1:]:
        threading.Thread(target=_serve, args=(connection, perform, failure), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            if control.poll(_REPORT_SECONDS):
                if control.recv() == "end":
                    break
                _call(perform, "stop")
            uplink.report()
    _call(perform, "close")
    uplink.report()


def _made(
    make_performer: Callable[[], Callable[[Any], Any]],
) -> tuple[Callable[[Any], Any] | None, BaseException | None]:
    try:
        return make_performer(), None
    except BaseException as error:  # noqa: BLE001 - told to the parent with the first unit that comes
        return None, error


def _call(perform: object, name: str) -> None:
    method = getattr(perform, name, None)
    if method is not None:
        method()


def _serve(
    connection: Connection[Any, Any], perform: Callable[[Any], Any] | None, failure: BaseException | None
) -> None:
    with contextlib.suppress(EOFError, OSError):  # the parent has hung up
        while True:
            unit = connection.recv()
            answer = ("fatal", failure) if perform is None else _performed(perform, unit)
            connection.send_bytes(_packed(answer))


def _performed(perform: Callable[[Any], Any], unit: Any) -> tuple[str, Any]:
    try:
        return "value", perform(unit)
    except JsobjError as error:
        return "error", error
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        return "fatal", error


def _packed(answer: tuple[str, Any]) -> bytes:
    """As ``recv`` unpacks it; where the value cannot travel, that is told instead of it."""
    import pickle

    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - pickle raises what it likes
        return pickle.dumps(("fatal", RuntimeError(f"{type(answer[1]).__name__} cannot leave its process: {error}")))
