"""Starting, stopping and killing an embedded cloud: every end is followed by a start that works."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import swiftclient
from fixtures_cloud import Cloud

from jsobj.errors import ExitCode, JsobjError
from jsobj.processes import Process
from jsobj.sandbox import lifecycle, population
from jsobj.sandbox.options import SandboxOptions
from jsobj.sandbox.record import SandboxRecord

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {"supervisor", "keystone", "swift-account", "swift-container", "swift-object", "swift-proxy"}


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sandbox that the tests of this file may kill as they like; each begins with ``start``."""
    folder = tmp_path_factory.mktemp("lifecycle") / "sandbox"
    yield folder
    lifecycle.reset(folder)
    assert not folder.exists()


def processes(folder: Path) -> dict[str, Process]:
    """Who runs, as the supervisor recorded it; empty before it was born and after it ended in order."""
    try:
        words = json.loads((folder / "state/processes.json").read_text())
    except FileNotFoundError:
        return {}
    return {name: Process(**each) for name, each in words.items()}


def all_gone(found: dict[str, Process], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    return all(process.wait(deadline - time.monotonic()) for process in found.values())


def deserted(folder: Path, seconds: float = 20) -> bool:
    """Whether no process has its working directory in the folder, as every server and its children have."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        places = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                places.append(os.readlink(link))
        if not [place for place in places if place.startswith(f"{folder}/")]:
            return True
        time.sleep(0.05)
    return False


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def swift(cloud: Cloud) -> swiftclient.Connection:
    return swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"), retries=0)


def test_start_on_a_running_sandbox_returns_it(folder: Path) -> None:
    first = lifecycle.start(folder)
    assert first.running
    assert set(first.pids) == SERVERS
    assert lifecycle.start(folder) == first == lifecycle.status(folder)


def test_stop_leaves_no_process_and_no_port_and_start_finds_everything_again(folder: Path) -> None:
    before = lifecycle.start(folder)
    connection = swift(Cloud(before))
    connection.put_container("kept")
    connection.put_object("kept", "object", b"words")
    connection.close()
    found = processes(folder)

    assert lifecycle.stop(folder) is True
    assert not any(process.alive() for process in found.values())
    assert deserted(folder)
    assert all(refuses(port) for port in before.ports.values())
    assert lifecycle.status(folder).running is False
    assert lifecycle.status(folder).reason == "asked to stop"
    assert lifecycle.stop(folder) is False

    after = lifecycle.start(folder)
    assert (after.ports, after.projects, after.files) == (before.ports, before.projects, before.files)
    connection = swift(Cloud(after))
    assert connection.get_object("kept", "object")[1] == b"words"
    connection.close()


def test_a_port_that_was_taken_meanwhile_is_replaced_everywhere(folder: Path) -> None:
    before = lifecycle.start(folder)
    lifecycle.stop(folder)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before.ports["proxy"]))
        squatter.listen()
        after = lifecycle.start(folder)
    assert after.ports["keystone"] == before.ports["keystone"]
    assert after.ports["proxy"] != before.ports["proxy"]
    catalogue = Cloud(after).keystone("alice").call("GET", "/auth/catalog")["catalog"]
    urls = {endpoint["url"] for service in catalogue for endpoint in service["endpoints"]}
    assert urls == {after.auth_url, after.swift_url}


def test_killing_the_supervisor_kills_the_servers_and_start_recovers(folder: Path) -> None:
    before = lifecycle.start(folder)
    found = processes(folder)
    assert found["supervisor"].signal(signal.SIGKILL)
    assert all_gone(found)
    assert lifecycle.status(folder).running is False
    after = lifecycle.start(folder)
    assert after.running
    assert after.projects == before.projects
    assert set(after.pids.values()).isdisjoint(before.pids.values())


@pytest.mark.parametrize("name", ["keystone", "swift-object", "swift-proxy"])
def test_killing_one_server_stops_the_whole_and_says_why(folder: Path, name: str) -> None:
    lifecycle.start(folder)
    found = processes(folder)
    assert found[name].signal(signal.SIGKILL)
    assert all_gone(found)
    status = lifecycle.status(folder)
    assert status.running is False
    assert f"{name} (pid {found[name].pid}) was killed by signal 9" in status.reason
    assert lifecycle.start(folder).running


def test_concurrent_starts_make_one_sandbox(folder: Path) -> None:
    lifecycle.start(folder)
    lifecycle.stop(folder)
    with ThreadPoolExecutor(3) as pool:
        one, two, three = pool.map(lambda _: lifecycle.start(folder), range(3))
    assert one == two == three
    assert one.running


def test_a_stale_pid_is_never_killed(folder: Path) -> None:
    lifecycle.start(folder)
    lifecycle.stop(folder)
    # What a sandbox leaves that was killed together with the machine: pids that others have now.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        innocent = Process.of(bystander.pid)
        assert innocent
        for words in (
            {"pid": innocent.pid, "start_time": innocent.start_time + 1, "boot_id": innocent.boot_id},
            {"pid": innocent.pid, "start_time": innocent.start_time, "boot_id": "of another boot"},
        ):
            (folder / "state/processes.json").write_text(json.dumps({"supervisor": words, "keystone": words}))
            assert lifecycle.stop(folder) is False
            assert innocent.alive()
        bystander.communicate(b"\n", timeout=60)


START = "import sys, pathlib; from jsobj.sandbox import lifecycle; lifecycle.start(pathlib.Path(sys.argv[1]))"


@pytest.mark.parametrize("moment", ["marker", "processes", "schema", "population"])
def test_a_start_killed_half_way_is_cleaned_up_by_the_next(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "sandbox"
    signs = {
        "marker": folder / ".jsobj-sandbox",
        "processes": folder / "state/processes.json",
        "schema": folder / "keystone/keystone.db",
        "population": folder / "keystone/database-complete",
    }
    child = subprocess.Popen([sys.executable, "-c", START, folder], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not signs[moment].exists():
            assert child.poll() is None
            time.sleep(0.005)
    finally:
        child.kill()
        child.wait()
    assert lifecycle.status(folder).running is False
    # The supervisor lives on, detached: the next start must find it and end it.
    orphans = processes(folder)
    try:
        status = lifecycle.start(folder)
        assert not any(process.alive() for process in orphans.values())
        assert set(status.pids) == SERVERS
        connection = swift(Cloud(status))
        connection.put_container("works")
        connection.close()
    finally:
        lifecycle.reset(folder)
    assert deserted(folder)


def test_an_interrupted_start_ends_what_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sandbox"
    seen: dict[str, Process] = {}

    def interrupted(record: SandboxRecord) -> float:
        while len(seen) < len(SERVERS):
            time.sleep(0.01)
            seen.update(processes(folder))
        raise KeyboardInterrupt

    monkeypatch.setattr(population, "populate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lifecycle.start(folder)
    assert not any(process.alive() for process in seen.values())
    assert deserted(folder)
    lifecycle.reset(folder)


def test_an_interpreter_without_keystone_is_reported_with_its_words(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named keystone >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(JsobjError) as caught:
        lifecycle.start(folder, SandboxOptions(keystone_python=python))
    assert caught.value.reference == "sandbox-did-not-start"
    assert caught.value.code is ExitCode.LOCAL
    assert "keystone" in caught.value.message
    assert "No module named keystone" in caught.value.context
    assert lifecycle.status(folder).running is False
    lifecycle.reset(folder)


def test_odd_folder_names_and_options(tmp_path: Path) -> None:
    folder = tmp_path / "odd %20 $HOME #1 \"q\" 'é' ; x"
    options = SandboxOptions(token_seconds=40, location="IU", keystone_python=Path(sys.executable))
    try:
        status = lifecycle.start(folder, options)
        assert status.region == "IU"
        cloud = Cloud(status)
        keystone = cloud.keystone("alice")
        assert keystone.token
        catalogue = keystone.call("GET", "/auth/catalog")["catalog"]
        assert {endpoint["region_id"] for service in catalogue for endpoint in service["endpoints"]} == {"IU"}
        connection = swift(cloud)
        connection.put_container("c")
        connection.put_object("c", "ö/%20", b"x")
        assert connection.get_object("c", "ö/%20")[1] == b"x"
        connection.close()
        lifecycle.stop(folder)
        with pytest.raises(JsobjError) as caught:
            lifecycle.start(folder, SandboxOptions(location="IU"))
        assert caught.value.reference == "sandbox-keystone-changed"
    finally:
        lifecycle.reset(folder)
    assert not folder.exists()


def test_servers_are_detached_from_us(folder: Path) -> None:
    lifecycle.start(folder)
    for name, process in processes(folder).items():
        assert os.getsid(process.pid) != os.getsid(0), name
        assert os.readlink(f"/proc/{process.pid}/fd/0") == "/dev/null", name
        log = folder / "logs" / f"{name}.log"
        assert os.readlink(f"/proc/{process.pid}/fd/2") == str(log), name


def listening(pids: set[int]) -> set[tuple[str, int]]:
    """(address, port) of every listening TCP socket and bound UDP socket of these processes (proc_net(5))."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                target = os.readlink(link)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[9] in inodes and (table.startswith("udp") or words[3] == "0A"):
                address, _, port = words[1].partition(":")
                found.add((address, int(port, 16)))
    return found


def test_every_server_listens_on_loopback_only(folder: Path) -> None:
    status = lifecycle.start(folder)
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper() if sys.byteorder == "little" else "7F000001"
    assert listening(set(status.pids.values())) == {(loopback, port) for port in status.ports.values()}


def test_s01_s02_no_secret_in_logs_command_lines_or_environments(folder: Path) -> None:
    cloud = Cloud(lifecycle.start(folder))
    record = SandboxRecord.load(folder / "state/record.json")
    assert record
    access, secret = cloud.mint_ec2_key("alice")
    connection = swift(cloud)
    connection.get_account()
    token = connection.token
    connection.close()
    cloud.delete_ec2_key("alice", access)
    secrets = {*record.passwords.values(), *(pair[1] for pair in record.app_credentials.values()), secret, token}
    assert len(secrets) == 5 + 3 + 2
    places = [*(folder / "logs").iterdir()]
    for pid in cloud.status.pids.values():
        places += [Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ")]
    assert len(places) > 12
    for place in places:
        text = place.read_text(errors="replace")
        assert not [one for one in secrets if one in text], place
    document = json.dumps(cloud.status.to_json())
    assert not [one for one in secrets if one in document]


def test_s05_files_are_private(folder: Path) -> None:
    status = lifecycle.start(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    for role, path in status.files.items():
        assert path.stat().st_mode & 0o777 == 0o600, role
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.parent != folder, path


def test_rc_files_are_shaped_as_the_portal_makes_them(folder: Path) -> None:
    files = lifecycle.start(folder).files
    assert set(files) == {
        *("openrc-password", "openrc-reader", "openrc-other", "password", "password-reader", "password-other"),
        *("app-cred-restricted", "app-cred-unrestricted", "app-cred-expired", "clouds"),
    }
    for role, user, project in (("password", "alice", "demo"), ("reader", "rita", "demo"), ("other", "otto", "other")):
        text = files[f"openrc-{role}"].read_text()
        assert not text.endswith("\n")
        assert "\nread -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n" in text
        words = sourced(files[f"openrc-{role}"], files["password" if user == "alice" else f"password-{role}"])
        assert words["OS_USERNAME"] == user
        assert words["OS_PROJECT_NAME"] == project
        assert words["OS_PASSWORD"] == lifecycle.password(folder, user).reveal()
    words = sourced(files["app-cred-restricted"], Path("/dev/null"))
    assert words["OS_AUTH_TYPE"] == "v3applicationcredential"
    assert set(lifecycle.password(folder, "alice").reveal()) >= set("""'"$!\\ """)


def sourced(script: Path, stdin: Path) -> dict[str, str]:
    with stdin.open() as stream:
        ran = subprocess.run(
            ["bash", "-c", '. "$1" >/dev/null; env -0', "bash", script],
            stdin=stream,
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert ran.stderr == ""
    pairs = (line.partition("=") for line in ran.stdout.split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("OS_")}
