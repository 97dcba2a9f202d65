"""The rig itself: it must not outlive the test run, however that ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import ceph_cluster
import pytest

from jsobj.processes import Process, wait_all

PROGRAM = """
import sys, time
from pathlib import Path
from ceph_cluster import ceph
with ceph(Path(sys.argv[1]), {}) as cluster:
    print(cluster.origin, flush=True)
    time.sleep(600)
"""


def residents(folder: Path) -> list[Process]:
    """Who has the folder as working directory, as every server of a cluster has."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == folder and (process := Process.of(int(link.parent.name))):
                found.append(process)
    return found


def test_killed_test_run_leaves_no_server(tmp_path: Path) -> None:
    path = os.pathsep.join((str(Path(ceph_cluster.__file__).parent), *sys.path))
    words = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    run = subprocess.Popen(words, env={"PYTHONPATH": path}, cwd="/", stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout
        assert run.stdout.readline().startswith("http://127.0.0.1:")
        servers = residents(tmp_path)
        assert len(servers) == 3
    finally:
        run.kill()
        run.communicate()
    assert wait_all(servers, 30) == []


def test_end_of_the_rig_leaves_no_server(tmp_path: Path) -> None:
    with ceph_cluster.ceph(tmp_path, {}):
        servers = residents(tmp_path)
        assert len(servers) == 3
    assert [process for process in servers if process.alive()] == []


def test_failure_says_what_the_server_said(tmp_path: Path) -> None:
    """And does not wait for the full time, nor leave the other servers."""
    began = time.monotonic()
    options = {"rgw frontends": "beast endpoint=127.0.0.1:nonsense"}
    with pytest.raises(RuntimeError, match="radosgw"), ceph_cluster.ceph(tmp_path, options):
        pass
    assert time.monotonic() - began < ceph_cluster.START_SECONDS / 2
    assert residents(tmp_path) == []
