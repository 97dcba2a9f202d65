"""What the tests of jobs in the background share."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from commands import Jsobj
from fixtures_cloud import Cloud

from jsobj.transfer.detached import record
from jsobj.transfer.detached.record import DetachedRun

MIB = 1024**2
SLOW = ("--part-size", "5M", "--parallel", "1", "--limit-rate", "5M")  # a second for each part
LONG = 300 * MIB  # a minute; ended before


def state_dir(jsobj: Jsobj) -> Path:
    return jsobj.home / ".local/state/jsobj"


def runs(jsobj: Jsobj) -> list[DetachedRun]:
    return [record.read(state_dir(jsobj), each) for each in record.run_ids(state_dir(jsobj))]


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


@contextlib.contextmanager
def bucket_of_jobs(keyed: Jsobj, cloud: Cloud, name: str) -> Iterator[str]:
    """A bucket of one's own. What is still in the background at the end of the test is ended."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    swift = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"))
    swift.put_container(name)
    yield name
    for run in runs(keyed):
        if run.active and run.process is not None:
            run.process.signal(signal.SIGKILL)
            assert run.process.wait(30)
    for container in (name, f"{name}+segments", f"{name}_segments"):
        with contextlib.suppress(swiftclient.ClientException):
            for item in swift.get_container(container, full_listing=True)[1]:
                swift.delete_object(container, item["name"])
            swift.delete_container(container)
    swift.close()


def detach(jsobj: Jsobj, *words: str, **more: Any) -> str:
    """Begin a job; its id, which is all of standard output."""
    done = jsobj(*words, "--detach", **more)
    (job,) = done.lines
    assert f"jobs wait {job}" in done.err
    return job


def show(jsobj: Jsobj, job: str) -> dict[str, Any]:
    found: dict[str, Any] = jsobj("jobs", "show", job, "--json").json
    return found


def wait(jsobj: Jsobj, *jobs: str, code: int = 0) -> list[dict[str, Any]]:
    done = jsobj("jobs", "wait", *jobs, "--timeout", "60", "--json", code=code)
    items: list[dict[str, Any]] = done.json["items"]
    return items


def file(jsobj: Jsobj, name: str, size: int = 21 * MIB) -> bytes:
    data = os.urandom(size)
    (jsobj.folder / name).write_bytes(data)
    return data


def long_file(jsobj: Jsobj, name: str) -> None:
    """One that is under way for as long as a test needs it."""
    with (jsobj.folder / name).open("wb") as hole:
        hole.truncate(LONG)


def fetched(jsobj: Jsobj, url: str) -> bytes:
    jsobj("download", url, str(jsobj.folder / "back"))
    return (jsobj.folder / "back").read_bytes()


def sending(jsobj: Jsobj, job: str) -> DetachedRun:
    """The job, once the server has a part of what it sends."""
    until(lambda: any(each["parts"] for each in show(jsobj, job)["under_way"]["uploads"]))
    return record.read(state_dir(jsobj), job)
