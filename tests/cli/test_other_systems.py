"""jsobj on a Unix that is not Linux, as far as it can be tried on Linux: without anything that only Linux has."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from commands import Jsobj
from detached_scene import until
from objects_scene import Scene

ELSEWHERE = Path(__file__).parent / "elsewhere"
MIB = 1024 * 1024


@pytest.fixture(name="elsewhere")
def _elsewhere(scene: Scene) -> Jsobj:
    """The runner of the scene, whose processes lack what Linux alone has."""
    jsobj = scene.jsobj
    jsobj.variables["PYTHONPATH"] = f"{ELSEWHERE}:{jsobj.environment()['PYTHONPATH']}"
    assert "not Linux" in jsobj.process("--version", env={"ELSEWHERE_SAYS": "1"}).err
    return jsobj


def test_the_whole_way(elsewhere: Jsobj, scene: Scene) -> None:
    source = elsewhere.folder / "data"
    source.mkdir()
    (source / "large").write_bytes(os.urandom(12 * MIB))
    for number in range(70):
        (source / f"small{number}").write_bytes(os.urandom(2000))
    place = scene.url("data/")
    sent = elsewhere.process("upload", f"{source}/", place, "--part-size", "5M", "--json").json
    assert (sent["done"], sent["verified"]) == (71, 71)
    got = elsewhere.process("download", place, "back/", "--part-size", "5M", "--json").json
    assert (got["done"], got["verified"]) == (71, 71)
    assert {path.name: path.read_bytes() for path in (elsewhere.folder / "back").iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }
    assert elsewhere.process("verify", "data", place.rstrip("/")).err == "71 same\n"
    assert elsewhere.process("upload", f"{source}/", place, "--part-size", "5M", "--json").json["skipped"] == 71
    assert len(elsewhere.process("ls", place).lines) == 71
    elsewhere.process("whoami")
    elsewhere.process("rm", "-r", place, "--yes")


def test_worker_processes(elsewhere: Jsobj, scene: Scene) -> None:
    source = elsewhere.folder / "many"
    source.mkdir()
    for number in range(20):
        (source / f"f{number}").write_bytes(os.urandom(5000))
    sent = elsewhere.process("upload", f"{source}/", scene.url("many/"), "--processes", "2", "--json").json
    assert (sent["done"], sent["failed"]) == (20, 0)


def test_ctrl_c_and_going_on(elsewhere: Jsobj, scene: Scene) -> None:
    (elsewhere.folder / "large").write_bytes(os.urandom(24 * MIB))
    words = ("upload", "large", scene.url("large"), "--part-size", "5M")
    child = elsewhere.start(*words, "--limit-rate", "4M")
    until(lambda: any(job["uploads"] for job in elsewhere("jobs", "list", "--json").json["items"]))
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    assert elsewhere.process(*words, "--json").json["verified"] == 1
