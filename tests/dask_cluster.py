"""A dask cluster of separate processes on 127.0.0.1; workers have a HOME of their own, as on other machines."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port

_SECONDS = 60.0


@dataclass
class Cluster:
    """``address`` of the scheduler; ``workers`` by their processes."""

    scheduler: subprocess.Popen[bytes]
    address: str
    folder: Path
    environment: Mapping[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *, environment: Mapping[str, str] | None = None, wrapper: tuple[str, ...] = ()) -> int:
        """Start one with a single thread, as a job of Slurm has it; its process id."""
        words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory")
        log = (self.folder / f"worker{len(self.workers)}").open("wb")
        process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "dask", *words, str(self.folder)],
            env={**self.environment, **(environment or {})},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
        )
        log.close()
        self.workers.append(process)
        return process.pid

    def kill(self, number: int) -> None:
        """As the system ends a process for want of memory."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def wait_for(self, count: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=_SECONDS)

    def is_idle(self) -> bool:
        """Whether the scheduler has nothing to do or to keep within a while: it learns of an end a little later."""
        deadline = time.monotonic() + 20
        while self._tasks():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _tasks(self) -> int:
        import cloudpickle
        from distributed import Client

        cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the scheduler does not have this module
        with Client(self.address, set_as_default=False) as client:
            return len(client.run_on_scheduler(_tasks))

    def sampled(self) -> set[bool]:
        """Whether dask's profiler takes samples, of all workers."""
        import cloudpickle
        from distributed import Client

        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        with Client(self.address, set_as_default=False) as client:
            return set(client.run(_is_sampled).values())

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("worker[0-9]*") if path.is_file())


def _tasks(dask_scheduler: object = None) -> list[str]:
    return list(dask_scheduler.tasks)  # type: ignore[attr-defined]


def _is_sampled(dask_worker: object = None) -> bool:
    return bool(dask_worker.periodic_callbacks["profile"].is_running())  # type: ignore[attr-defined]


@contextlib.contextmanager
def cluster(folder: Path, environment: Mapping[str, str], workers: int) -> Iterator[Cluster]:
    """A scheduler and so many workers, ended at the end by their process ids."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (folder / "scheduler").open("wb") as log:
        words = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        scheduler = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            env=dict(environment),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
    made = Cluster(scheduler, f"tcp://127.0.0.1:{port}", folder, environment)
    try:
        for _ in range(workers):
            made.add_worker()
        made.wait_for(workers)
        yield made
    finally:
        for process in (*made.workers, scheduler):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        for process in (*made.workers, scheduler):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
