"""What ``jsobj umount`` says is true: who holds it, what was not sent, and that all is there when it says so."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from mount_scene import BACKENDS, Scene, error_of, holding, until
from relay import relay

from jsobj.mount import table

pytestmark = pytest.mark.usefixtures("only_repairs")

HOLDERS = {
    "working directory": "os.chdir(folder)",
    "open file": "held = open(folder + '/seen', 'rb')",
    "deleted file": "held = open(folder + '/gone', 'w+'); held.write('x'); held.flush(); os.unlink(folder + '/gone')",
    "mapped file": "f = open(folder + '/seen', 'rb'); held = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); f.close()",
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_holders_are_named_and_waited_for(scene: Scene, backend: str) -> None:
    scene.place.put("seen", b"x" * 5000)
    folder = scene.mount("--write", "--backend", backend)
    for how, code in HOLDERS.items():
        with holding(code, folder) as child:
            refused = scene.umount(folder, "--timeout", "0.3", code=6)
            assert error_of(refused)["reference"] == "mount-busy"
            assert f"pid {child.pid}" in error_of(refused)["context"]
            assert how in error_of(refused)["context"]
            assert (folder / "seen").exists()
    with holding(HOLDERS["mapped file"], folder) as child:
        waits = scene.jsobj.start("umount", folder)
        until(lambda: f"pid {child.pid}" in (scene.jsobj.home / "output").read_text())
        assert waits.poll() is None
    assert waits.wait(100) == 0
    assert table.at(folder, table.read()) is None
    scene.nothing_left()


def test_a_process_in_a_namespace_of_its_own_is_named(scene: Scene) -> None:
    """Its copy of the mount keeps the mounter alive after ours is gone."""
    import subprocess

    folder = scene.mount("--write")
    words = ["unshare", "--mount", "--propagation", "private", "sleep", "1000"]
    child = subprocess.Popen(words)
    try:
        until(lambda: os.readlink(f"/proc/{child.pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt"))
        refused = scene.umount(folder, "--timeout", "0.5", code=6)
        assert f"pid {child.pid}" in error_of(refused)["context"]
    finally:
        child.kill()
        child.wait()
    scene.umount()
    scene.nothing_left()


def test_a_file_that_is_still_written_is_neither_done_nor_lost(scene: Scene) -> None:
    folder = scene.mount("--write")
    code = "held = open(folder + '/half', 'w'); held.write('first'); held.flush()"
    with holding(code, folder):
        refused = scene.umount(folder, "--timeout", "0.5", code=6)
        assert "half" in error_of(refused)["context"]
    scene.umount()
    assert scene.place.body("half") == b"first"


def test_the_server_is_away_and_comes_back(scene: Scene) -> None:
    with relay(scene.place.endpoint) as way:
        scene.options = (*scene.options, "--endpoint", way.url)
        folder = scene.mount("--write")
        assert os.listdir(folder) == []
        way.cut()
        for number in range(3):
            (folder / f"f{number}").write_bytes(bytes([number]) * 70_000)  # the writer is told that all is well
        refused = scene.umount(folder, "--timeout", "2", code=7)
        assert error_of(refused)["reference"] == "mount-not-flushed"
        assert all(f"f{number}" in error_of(refused)["context"] for number in range(3))
        assert table.at(folder, table.read()) is not None
        (there,) = scene.mounts()
        assert [each["key"] for each in there["waiting"]] == ["f0", "f1", "f2"]
        way.mend()
        done = scene.umount(folder)
        assert done.json["items"][0]["sent"] == ["f0", "f1", "f2"]
        assert [scene.place.body(f"f{number}") for number in range(3)] == [bytes([n]) * 70_000 for n in range(3)]
        scene.nothing_left()


def test_the_server_is_away_for_good_and_the_files_are_kept(scene: Scene) -> None:
    """``--lazy`` lets go; what waits is sent by ``mounts --repair``, when a server is there."""
    with relay(scene.place.endpoint) as way:
        scene.options = (*scene.options, "--endpoint", way.url)
        folder = scene.mount("--write")
        way.cut()
        (folder / "kept").write_bytes(b"kept" * 1000)
        refused = scene.umount(folder, "--timeout", "1", "--lazy", code=7)
        assert "kept" in error_of(refused)["context"]
        assert table.at(folder, table.read()) is None
        until(lambda: scene.mounts()[0]["state"] == "dead")
        scene.jsobj.process("mounts", "--repair", code=7)  # the server is still away: nothing is forgotten
        assert [each["key"] for each in scene.mounts()[0]["waiting"]] == ["kept"]
        way.mend()
        assert scene.jsobj.process("mounts", "--repair", "--json").json["items"][0]["sent"] == ["kept"]
        assert scene.place.body("kept") == b"kept" * 1000
        scene.nothing_left()


def test_s3fs_tells_the_writer_that_the_server_is_away(scene: Scene) -> None:
    with relay(scene.place.endpoint) as way:
        scene.options = (*scene.options, "--endpoint", way.url)
        folder = scene.mount("--write", "--backend", "s3fs")
        way.cut()
        with pytest.raises(OSError), (folder / "lost").open("wb") as stream:
            stream.write(b"x" * 1000)
        way.mend()
        done = scene.umount()
        assert done.json["items"][0]["failure"]
        assert "lost" not in scene.place.names()


def test_a_mount_of_another_program_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    folder = scene.mount()
    other = Scene(scene.place, type(scene.jsobj)(tmp_path / "other", ()), folder)
    refused = other.umount(folder, code=6)
    assert error_of(refused)["reference"] == "mount-foreign"
    other.umount(tmp_path, code=5)
    scene.umount()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_a_signal_unmounts(scene: Scene, number: int) -> None:
    child = scene.jsobj.start("mount", scene.url, scene.folder, "--write", "--foreground", *scene.options)
    until(lambda: table.at(scene.folder, table.read()))
    until(lambda: scene.mounts()[0]["state"] == "alive")
    until(lambda: "safe when" in (scene.jsobj.home / "output").read_text())
    (scene.folder / "a").write_text("a")
    child.send_signal(number)
    assert child.wait(30) == (0 if number == signal.SIGINT else 143)
    assert scene.place.body("a") == b"a"
    scene.nothing_left()
