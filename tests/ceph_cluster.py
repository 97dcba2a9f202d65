"""A real Ceph for one test run: a monitor, an OSD that lives in memory, and a RADOS gateway, on loopback.

It knows Ceph only; whose Keystone the gateway asks, and whether buckets have tenants, comes in as options. Nothing is
kept: leaving it kills the processes, and the kernel kills them when the test run is killed.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import secrets
import shutil
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

PACKAGES = "ceph-common ceph-mon ceph-osd radosgw"
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "setpriv")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MEMORY = 2 << 30  # bytes of objects that fit; taken only as they come
COMMAND_SECONDS = 60.0
START_SECONDS = 120.0

CAPABILITIES = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *"},
    "osd.0": {"mon": "allow profile osd", "osd": "allow *"},
    "client.rgw": {"mon": "allow rw", "osd": "allow rwx"},
}


def lacking() -> str:
    """Why Ceph cannot run here; "" where it can. It needs no privileges."""
    if missing := [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]:
        return f"{', '.join(missing)} not found: apt-get install --no-install-recommends {PACKAGES}"
    return ""


@contextlib.contextmanager
def ceph(folder: Path, gateway: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster in the empty ``folder``, whose gateway has these options of ceph.conf.

    There is no manager daemon: it only counts and balances, and one pool on one OSD needs neither.
    """
    with contextlib.ExitStack() as stack:
        cluster = Cluster(folder, stack)
        cluster.configure(gateway)
        cluster.call("monmaptool", "--create", "--fsid", cluster.id, "--addv", "a", f"[{cluster.monitor}]", "monmap")
        cluster.call("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring")
        cluster.serve("ceph-mon", "-i", "a")
        disk = str(uuid.uuid4())
        cluster.call("ceph", "osd", "new", disk)
        cluster.call("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk)
        cluster.serve("ceph-osd", "-i", "0")
        cluster.serve("radosgw", "-n", "client.rgw")
        cluster.wait_for_gateway()
        yield cluster


class Cluster:
    """A monitor, a store in memory and a gateway; ``origin`` is the gateway's address."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.id = str(uuid.uuid4())
        self._folder = folder
        self._stack = stack
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.monitor = f"v2:127.0.0.1:{free_port()}"
        self._port = free_port()
        self.origin = f"http://127.0.0.1:{self._port}"

    def configure(self, gateway: Mapping[str, str]) -> None:
        for part in ("mon", "osd"):
            (self._folder / part).mkdir()
        options = {"rgw frontends": f"beast endpoint=127.0.0.1:{self._port}", **gateway}
        self._write("ceph.conf", _configuration(self._folder, self.id, self.monitor, options))
        self._write("keyring", "".join(_key(name, caps) for name, caps in CAPABILITIES.items()))

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.touch(0o600)  # both files hold secrets
        path.write_text(text)

    def call(self, *argv: str) -> None:
        """Run a command to its end."""
        done = subprocess.run(
            argv,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def serve(self, program: str, *argv: str) -> None:
        """Start a server that ends with us. setpriv asks the kernel for that; a preexec_fn would fork with threads."""
        with (self._folder / f"{program}.out").open("wb") as output:
            process = subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", program, "-f", *argv),
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._stack.callback(_end, process)
        self._running[program] = process

    def restart(self) -> None:
        """End the gateway by SIGTERM and start it again at its address; returns when it answers."""
        gateway = self._running["radosgw"]
        gateway.terminate()
        gateway.wait(COMMAND_SECONDS)
        self.serve("radosgw", "-n", "client.rgw")
        self.wait_for_gateway()

    def wait_for_gateway(self) -> None:
        """Until it answers. It makes its pools first, so this is the proof of the whole cluster."""
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._port):
            ended = [program for program, process in self._running.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"Ceph did not start; ended: {ended or 'none'}\n{self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        logs = (*self._folder.glob("*.out"), *self._folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in sorted(logs))

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": PATH,
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "CEPH_CONF": str(self._folder / "ceph.conf"),
        }


@dataclass(frozen=True)
class _Section:
    name: str
    options: Mapping[str, object]

    def __str__(self) -> str:
        return f"[{self.name}]\n" + "".join(f"{name} = {value}\n" for name, value in self.options.items())


def _configuration(folder: Path, identifier: str, monitor: str, gateway: Mapping[str, str]) -> str:
    everybody = {
        "fsid": identifier,
        "mon host": monitor,
        "public addr": "127.0.0.1",
        "cluster addr": "127.0.0.1",
        # Without cephx the gateway cannot log in to the monitor.
        **{f"auth {side} required": "cephx" for side in ("cluster", "service", "client")},
        "auth allow insecure global id reclaim": "false",
        "keyring": folder / "keyring",
        "run dir": folder,
        "admin socket": "",
        "log file": folder / "$name.log",
        "osd pool default size": 1,
        "osd pool default min size": 1,
        "osd pool default pg num": 8,
        "osd pool default pgp num": 8,
        "osd pool default pg autoscale mode": "off",
        "osd crush chooseleaf type": 0,
        "mon allow pool size one": "true",
        "mon max pg per osd": 1000,
    }
    mon = {
        "mon data": folder / "mon",
        "mon cluster log to file": "false",
        # The gateway makes its pools one by one, and each is some rounds of the monitor: 10 seconds by the defaults.
        "paxos propose interval": 0.02,
        "paxos min wait": 0.01,
        # A disk that is nearly full is no reason to stop.
        "mon data avail warn": 0,
        "mon data avail crit": 0,
    }
    osd = {
        "osd data": folder / "osd",
        "osd objectstore": "memstore",
        "memstore device bytes": MEMORY,
        "osd crush initial weight": 1,
    }
    # What is deleted must free its memory soon: a full memstore lets writes hang.
    client = {"rgw gc obj min wait": 1, "rgw gc processor period": 5, "rgw gc processor max time": 5, **gateway}
    return "".join(map(str, map(_Section, ("global", "mon", "osd", "client.rgw"), (everybody, mon, osd, client))))


def _key(name: str, capabilities: Mapping[str, str]) -> str:
    """A keyring's entry with a fresh key: type 1 (AES), time made in s and ns, length, bytes (ceph's CryptoKey)."""
    key = base64.b64encode(struct.pack("<HIIH", 1, int(time.time()), 0, 16) + secrets.token_bytes(16)).decode()
    return str(_Section(name, {"key": key, **{f"caps {kind}": f'"{caps}"' for kind, caps in capabilities.items()}}))


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """At once: on a mere SIGTERM the OSD would first write its memory to the disk."""
    process.kill()
    process.wait()
