"""``--detach``: what goes on without a terminal, on a real server."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from commands import Jsobj
from detached_scene import (
    MIB,
    SLOW,
    bucket_of_jobs,
    detach,
    fetched,
    file,
    runs,
    sending,
    show,
    state_dir,
    until,
    wait,
)
from fixtures_cloud import Cloud

from jsobj.cli.parsing.detach import require_unattended
from jsobj.errors import JsobjError
from jsobj.identity.auth_source import AuthSource
from jsobj.transfer.detached import record


@pytest.fixture(name="bucket")
def _bucket(keyed: Jsobj, cloud: Cloud, name: str) -> Iterator[str]:
    with bucket_of_jobs(keyed, cloud, name) as made:
        yield made


def test_it_outlives_the_terminal(keyed: Jsobj, bucket: str) -> None:
    data = file(keyed, "big", 41 * MIB)
    command = " ".join((*keyed.command("upload", "big", f"s3://{bucket}/", *SLOW, "--detach"), "; sleep 100"))
    shell = pexpect.spawn("/bin/sh", ["-c", command], env=keyed.environment(), cwd=str(keyed.folder), encoding="utf-8")
    shell.expect(r"([0-9a-f]{12})\r\n", timeout=60)
    assert shell.match is not None
    job = str(shell.match.group(1))
    run = sending(keyed, job)
    assert run.process is not None
    assert run.process.pid == show(keyed, job)["pid"]
    assert os.getsid(run.process.pid) != os.getsid(shell.pid)
    assert os.readlink(f"/proc/{run.process.pid}/fd/0") == os.devnull
    os.killpg(os.getsid(shell.pid), signal.SIGHUP)  # as the kernel does when the terminal is closed
    shell.close(force=True)
    assert run.process.alive()
    (item,) = wait(keyed, job)
    assert (item["state"], item["exit_code"]) == ("done", 0)
    assert fetched(keyed, f"s3://{bucket}/big") == data


def test_what_is_wrong_at_the_beginning_fails_in_the_foreground(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 10)
    wrong = f"s3://{bucket}-wrong"
    for words, code in (
        (("upload", "small", f"{wrong}/"), 5),
        (("upload", "small", f"swift://{bucket}-wrong/"), 5),
        (("upload", "missing", f"s3://{bucket}/"), 9),
        (("download", f"{wrong}/", "."), 5),
        (("download", f"s3://{bucket}/missing", "."), 5),
        (("cp", f"{wrong}/a", f"s3://{bucket}/"), 5),
        (("cp", f"s3://{bucket}/missing", f"s3://{bucket}/b"), 5),
        (("verify", "small", f"{wrong}/"), 5),
        (("verify", "missing", f"s3://{bucket}/"), 9),
        (("upload", "small", f"s3://{bucket}/", "--profile", "nobody"), 5),
        (("sync", ".", f"{wrong}/a"), 5),
        (("sync", f"s3://{bucket}/missing", "down"), 5),
        (("sync", "missing", f"s3://{bucket}/"), 9),
    ):
        done = keyed(*words, "--detach", "--json", code=code)
        assert done.error["exit_code"] == code
        assert done.out == ""
    assert runs(keyed) == []


def test_a_sync_goes_on_in_the_background(keyed: Jsobj, bucket: str) -> None:
    """Also one that is refused as a whole, which only its plan can tell."""
    (keyed.folder / "tree").mkdir()
    data = file(keyed, "tree/a", 10)
    (item,) = wait(keyed, detach(keyed, "sync", "tree", f"s3://{bucket}/x"))
    assert (item["verb"], item["state"], item["exit_code"]) == ("sync", "done", 0)
    assert fetched(keyed, f"s3://{bucket}/x/a") == data
    (keyed.folder / "tree/a").unlink()
    job = detach(keyed, "sync", "tree", f"s3://{bucket}/x", "--delete")
    (item,) = wait(keyed, job, code=6)
    assert (item["state"], item["exit_code"]) == ("failed", 6)
    assert "sync-source-empty" in keyed("jobs", "logs", job).out
    assert fetched(keyed, f"s3://{bucket}/x/a") == data
    assert "leave --detach out" in keyed("sync", "tree", f"s3://{bucket}/x", "--plan", "p", "--detach", code=2).err


def test_what_needs_the_terminal_is_refused(keyed: Jsobj, bucket: str) -> None:
    place = f"s3://{bucket}/"
    file(keyed, "small", 10)
    signed = "https://h/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=20260101T000000Z&X-Amz-Signature=b"
    for words, part in (
        (("upload", "-", f"{place}key"), "this terminal"),
        (("upload", ".", place, "--files-from", "-"), "this terminal"),
        (("download", f"{place}key", "-"), "this terminal"),
        (("verify", ".", "--manifest", "-"), "this terminal"),
        (("upload", "small", place, "--dry-run"), "--dry-run"),
        (("upload", "small", place, "--progress", "bar"), "--progress bar"),
        (("upload", "small", place, "--notify", "no-such-program"), "no program"),
        (("download", signed, "."), "secret"),
    ):
        done = keyed(*words, "--detach", "--json", code=2)
        assert part in done.error["message"]
    assert "goes with --detach" in keyed("upload", "small", place, "--notify", "true", code=2).err
    assert runs(keyed) == []


def test_a_login_that_asks_a_person_is_refused() -> None:
    with pytest.raises(JsobjError) as caught:
        require_unattended(AuthSource("file", "a test", "v3websso", {}, {}, {}))
    assert caught.value.reference == "detach-needs-person"


def test_a_download_lands_where_it_was_begun(keyed: Jsobj, bucket: str) -> None:
    data = file(keyed, "small", 1000)
    keyed("upload", "small", f"swift://{bucket}/a")
    job = detach(keyed, "download", f"swift://{bucket}/a", "there")
    (item,) = wait(keyed, job)
    assert (keyed.folder / "there").read_bytes() == data
    assert (item["verb"], item["sources"], item["destination"]) == (
        "download",
        [f"swift://{bucket}/a"],
        str(keyed.folder / "there"),
    )


def test_the_login_of_the_environment_is_used_and_written_nowhere(jsobj: Jsobj, cloud: Cloud, bucket: str) -> None:
    jsobj.clouds.unlink()
    jsobj.variables |= {
        "OS_AUTH_URL": cloud.auth_url,
        "OS_USERNAME": "alice",
        "OS_PASSWORD": cloud.password("alice"),
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
    }
    file(jsobj, "small", 10)
    (item,) = wait(jsobj, detach(jsobj, "upload", "small", f"swift://{bucket}/"))
    assert item["state"] == "done"


def test_a_command_is_told_of_the_end_once(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 10)
    said = keyed.folder / "said"
    words = ("upload", "small", f"s3://{bucket}/")
    job = detach(keyed, *words, "--notify", f"tee -a {said}")
    wait(keyed, job)
    until(lambda: said.exists() and said.read_text().endswith("\n"))
    (line,) = said.read_text().splitlines()
    told = json.loads(line)
    assert told.pop("command") == f"cd {keyed.folder} && {shlex.join(('jsobj', *words))}"
    assert told == {name: value for name, value in show(keyed, job).items() if name != "command"}
    assert (told["id"], told["state"], told["exit_code"], told["folder"]) == (job, "done", 0, str(keyed.folder))

    failing = detach(keyed, *words, f"--notify=false {said}")
    wait(keyed, failing)
    log = record.log_path(state_dir(keyed), failing)
    until(lambda: "nobody was told" in log.read_text())
    assert show(keyed, failing)["exit_code"] == 0
    assert show(keyed, failing)["command"] == " ".join(("jsobj", *words))


@contextlib.contextmanager
def listener() -> Iterator[tuple[int, list[Any]]]:
    """A port, and the documents that were sent to it."""
    heard: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, heard
        finally:
            server.shutdown()
            thread.join()


def test_a_url_is_told_and_kept_nowhere(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 10)
    with listener() as (port, heard):
        url = f"json://somebody:hidden-word-of-the-url@127.0.0.1:{port}/"
        job = detach(keyed, "upload", "small", f"s3://{bucket}/", "--notify", url)
        wait(keyed, job)
        until(lambda: bool(heard))
    assert f"job {job} done (exit code 0)" in heard[0]["message"]
    assert show(keyed, job)["notify"] == "json://***"
    for path in keyed.home.rglob("*"):
        assert not path.is_file() or b"hidden-word-of-the-url" not in path.read_bytes(), path


def test_a_process_that_does_not_start_leaves_nothing(keyed: Jsobj, bucket: str, tmp_path: Path) -> None:
    """Python itself fails there."""
    file(keyed, "small", 10)
    program = "import sys\nif 'jsobj.cli.detached' in sys.orig_argv: sys.exit('broken')\n"
    (tmp_path / "sitecustomize.py").write_text(program)
    path = {"PYTHONPATH": f"{tmp_path}:{keyed.environment()['PYTHONPATH']}"}
    done = keyed("upload", "small", f"s3://{bucket}/", "--detach", "--json", code=9, env=path)
    assert done.error["reference"] == "job-not-started"
    assert done.error["context"].endswith("broken")
    assert runs(keyed) == []
    assert list((state_dir(keyed) / "detached").glob("*.log")) == []
