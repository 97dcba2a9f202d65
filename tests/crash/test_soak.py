"""Round after round, and many at once: nothing grows, nothing is mixed, nothing is left (L08, L09).

``JSOBJ_LOAD_ROUNDS`` and ``JSOBJ_LOAD_PROCESSES`` make it longer and wider, by hand.
"""

from __future__ import annotations

import gc
import os
import threading
import time

import pytest
from crash_scene import MIB, SPARSE, Crash, content, sha256
from fault_proxy import Answer, Rule

ROUNDS = int(os.environ.get("JSOBJ_LOAD_ROUNDS", "4"))
PROCESSES = int(os.environ.get("JSOBJ_LOAD_PROCESSES", "8"))
FILES = {str(number): b"%d" % number * (300 * number + 1) for number in range(25)}
LARGE = content(11 * MIB, 41)


def held() -> tuple[int, int]:
    """Descriptors and threads of this process; connections and files of a command that ended are collected first."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


@pytest.mark.usefixtures("short_waits")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("crash", ["rgw", "swift"], indirect=True)
def test_L08_rounds_with_faults_leave_nothing_and_nothing_grows(crash: Crash) -> None:
    tree = crash.path("tree")
    tree.mkdir()
    for name, data in {**FILES, "large": LARGE}.items():
        (tree / name).write_bytes(data)
    descriptors = threads = 0
    for number in range(ROUNDS):
        crash.proxy.clear()
        chance = {"times": 0, "probability": 0.025, "seed": number}
        crash.proxy.add(Rule("cut", "answer", **chance), Rule("answer", answer=Answer(503), **chance))  # type: ignore[arg-type]
        crash.jsobj("upload", f"{tree}/", crash.url("t/"), *SPARSE)
        crash.jsobj("verify", f"{tree}/", crash.url("t/"))
        crash.jsobj("download", crash.url("t/"), crash.path(f"back-{number}"), *SPARSE)
        got = {path.name: path.read_bytes() for path in crash.path(f"back-{number}").iterdir()}
        assert got == {**FILES, "large": LARGE}
        crash.jsobj("rm", "-r", "--yes", crash.url("t/"))
        crash.proxy.clear()
        assert crash.keys() == []
        assert crash.unfinished() == set()
        assert crash.jobs() == []
        crash.proxy.hang_up()
        if number == 1:
            descriptors, threads = held()
    deadline = time.monotonic() + 10  # the other ends close a little later
    while any(now > most for now, most in zip(held(), (descriptors + 4, threads + 2), strict=True)):
        assert time.monotonic() < deadline, (held(), descriptors, threads)
        time.sleep(0.1)


@pytest.mark.parametrize("crash", ["rgw", "swift"], indirect=True)
def test_L09_processes_at_once_on_one_bucket_and_on_one_key(crash: Crash) -> None:
    """Each its own file, and all of them the same key: the last wins, whole."""
    contents = [content(6 * MIB, 100 + number) for number in range(PROCESSES)]
    paths = [crash.path(f"data-{number}", data) for number, data in enumerate(contents)]
    own = [crash.start("upload", path, crash.url(path.name)) for path in paths]
    assert [process.wait(300) for process in own] == [0] * PROCESSES, crash.said()
    assert {key: sha256(crash.fetch(key)) for key in sorted(crash.keys())} == {
        path.name: sha256(data) for path, data in zip(paths, contents, strict=True)
    }
    shared = [crash.start("upload", path, crash.url("shared")) for path in paths]
    codes = {process.wait(300) for process in shared}
    assert 0 in codes
    assert codes <= {0, 7, 8}, crash.said()  # whoever is overtaken may find another object than its own
    assert sha256(crash.fetch("shared")) in set(map(sha256, contents))
    # Over Swift each one removes the segments of the object that it replaces, as it knew it: those of one that came
    # in between stay, and are listed.
    listed = crash.jsobj("uploads", "list", crash.url(), "--json").json["items"]
    assert crash.unfinished() <= {(each["key"], each["id"]) for each in listed} | crash.journaled()
