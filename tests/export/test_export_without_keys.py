"""What is exported where there is a login and no S3 key: each tool lists, writes and reads with it, on each server.

The login is what Horizon makes by default (a restricted application credential), at a Keystone that gives it no keys.
"""

from __future__ import annotations

import contextlib
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from commands import PROGRAMS, Jsobj, Keys, edited, shows
from fixtures_cloud import Cloud
from fixtures_places import environ_in
from fixtures_rgw import GLOBAL, TENANTS, Rgw
from fixtures_tls import Fronts
from rigs import need_program

SERVERS = ("swift", GLOBAL, TENANTS)
BODY = "temperature\n281.4\n"
FIELD = "--cloud field"
# What an earlier `source` of a password RC file leaves in a shell, and a few things more.
LEFTOVERS = (
    "export OS_USERNAME=bob OS_PASSWORD=x OS_PROJECT_NAME=other OS_PROJECT_ID=123 OS_USER_DOMAIN_NAME=Other "
    "OS_PROJECT_DOMAIN_ID=other OS_TENANT_NAME=other OS_CLOUD=elsewhere OS_STORAGE_URL=http://127.0.0.1:9/v1/x "
    "OS_AUTH_TOKEN=ended OS_REGION_NAME=elsewhere ST_AUTH=http://127.0.0.1:9/auth/v1.0 ST_USER=bob ST_KEY=x"
)


@dataclass(frozen=True)
class Field:
    """A HOME with cloud ``field`` and no key; a container with the object ``seen``, and ``swift`` to look into it."""

    jsobj: Jsobj
    cloud: Cloud
    bucket: str
    swift: Any

    def body(self, name: str) -> str:
        data: bytes = self.swift.get_object(self.bucket, name)[1]
        return data.decode()

    def shell(self, folder: Path, script: str, **variables: str) -> str:
        """What bash printed: ``$B`` is the container, ``$D`` a folder with the file ``body``, ``$E`` an empty HOME."""
        (folder / "body").write_text(BODY)
        (folder / "empty").mkdir(exist_ok=True)
        environ = environ_in(self.jsobj.home)
        environ |= {"PATH": f"{PROGRAMS}:{environ['PATH']}", "B": self.bucket, "D": str(folder)}
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={**environ, "E": str(folder / "empty"), **variables},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == 0, f"{script}\n{said}"
        assert not shows(said, self.cloud.secrets)
        return ended.stdout


@pytest.fixture
def field_on(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> Iterator[Callable[..., Field]]:
    """A field on the server named, logged in with an RC file; at the end no key is there that was not before."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    keys = Keys(cloud, "alice")
    made: list[Field] = []
    with contextlib.ExitStack() as stack:

        def make(server: str, rc: Path | None = None, *words: str, **login: Any) -> Field:
            account, region = cloud.swift_url, cloud.region
            if server != "swift":
                rgw: Rgw = request.getfixturevalue("rgw")
                account = stack.enter_context(rgw.published(server)).swift_url(cloud.status.projects["demo"])
                region = server
            jsobj = Jsobj(tmp_path / "home", cloud.secrets)
            path = rc or cloud.rc("app-cred-restricted")
            jsobj("login", path, "--as", "field", "--region", region, *words, **login)
            token = cloud.keystone_token("alice")
            swift = swiftclient.Connection(preauthurl=account, preauthtoken=token, retries=5)
            bucket = f"field-{uuid.uuid4().hex[:12]}"
            swift.put_container(bucket)
            swift.put_object(bucket, "seen", BODY)
            made.append(Field(jsobj, cloud, bucket, swift))
            return made[-1]

        yield make
        for each in made:
            for item in each.swift.get_container(each.bucket, full_listing=True)[1]:
                each.swift.delete_object(each.bucket, item["name"])
            each.swift.delete_container(each.bucket)
            each.swift.close()
            assert not each.jsobj.credentials.exists()
    assert keys.new == set()


@pytest.fixture(params=SERVERS)
def field(request: pytest.FixtureRequest, field_on: Callable[..., Field]) -> Field:
    return field_on(request.param)


# Of each: set up; list, which must show ``seen``; write ``written`` of ``body``; print the bytes of ``seen``.
JSOBJ = ("jsobj ls swift://$B", "jsobj upload -q $D/body swift://$B/written", "jsobj cat swift://$B/seen")
OPENSTACK = (
    "openstack object list $B",
    "openstack object create $B body --name written",
    "openstack object save --file - $B seen",
)
FSSPEC = "import os, sys, fsspec; bucket = os.environ['B']; files = fsspec.filesystem('swift');"
PYTHON = (
    f'python -c "{FSSPEC} print(files.ls(bucket, detail=False))"',
    f"python -c \"{FSSPEC} files.put('body', bucket + '/written')\"",
    f"python -c \"{FSSPEC} sys.stdout.buffer.write(files.cat(bucket + '/seen'))\"",
)
CLOUDS = "$E/.config/openstack/clouds.yaml"
CASES = {
    "rclone": (
        "jsobj export rclone --write; rclone lsd field-swift: | grep $B",
        "rclone lsf field-swift:$B",
        "rclone copyto $D/body field-swift:$B/written",
        "rclone cat field-swift:$B/seen",
    ),
    "openstack": (
        f"jsobj export openstack --as there --write --file {CLOUDS}; export HOME=$E OS_CLOUD=there",
        *OPENSTACK,
    ),
    "openstack-here": ("export OS_CLOUD=field", *OPENSTACK),
    "swift": (
        f'{LEFTOVERS}; eval "$(jsobj export swift {FIELD})"; export HOME=$E',
        "swift list $B",
        "swift upload -q --object-name written $B body",
        "swift download --output - $B seen",
    ),
    "shell": (f'{LEFTOVERS}; eval "$(jsobj export shell {FIELD})"; export HOME=$E', *JSOBJ),
    "shell-openstack": (f'{LEFTOVERS}; eval "$(jsobj export shell {FIELD})"; export HOME=$E', *OPENSTACK),
    "shell-fsspec": ('eval "$(jsobj export shell)"; export HOME=$E', *PYTHON),
    "dotenv": ("jsobj export dotenv --write --file $D/.env; set -a; . $D/.env; set +a; export HOME=$E", *JSOBJ),
    "dotenv-env": (
        'jsobj export dotenv > .env; R="env -i PATH=$PATH HOME=$E $(paste -sd " " .env)"',
        *(f"$R {line}" for line in JSOBJ),
    ),
}


# On the gateways, what goes to another place than on Swift: through the catalogue, or through its URL.
PAIRS = [
    *(("swift", name) for name in CASES),
    *((GLOBAL, name) for name in ("rclone", "openstack", "swift", "shell", "shell-openstack", "shell-fsspec")),
    *((TENANTS, name) for name in ("rclone", "openstack", "swift", "shell", "shell-fsspec")),
]


@pytest.mark.parametrize(("server", "name"), PAIRS)
def test_the_tool_lists_writes_and_reads(
    field_on: Callable[..., Field], server: str, name: str, tmp_path: Path
) -> None:
    assert_lists_writes_and_reads(field_on(server), CASES[name], tmp_path)


def assert_lists_writes_and_reads(field: Field, steps: tuple[str, ...], folder: Path) -> None:
    if any("rclone" in line for line in steps):
        need_program("rclone")
    _, listed, _, read = field.shell(folder, "; echo +++; ".join(steps)).split("+++\n")
    assert "seen" in listed
    assert field.body("written") == BODY
    assert read == BODY


def assert_reads(field: Field, steps: tuple[str, ...], folder: Path) -> None:
    """The set-up and the last step: for what makes one login another, and the tool the same."""
    if any("rclone" in line for line in steps):
        need_program("rclone")
    assert field.shell(folder, f"{steps[0]}; echo +++; {steps[-1]}").split("+++\n")[1] == BODY


DASK = """
import os
from dask.distributed import Client, LocalCluster

def work(bucket):
    import fsspec  # here, as in a worker that starts empty
    with fsspec.open(f"swift://{bucket}/seen", "rb") as source, fsspec.open(f"swift://{bucket}/written", "wb") as copy:
        copy.write(source.read())
    return fsspec.filesystem("swift").ls(bucket, detail=False)

if __name__ == "__main__":
    assert not [name for name in os.environ if name.startswith("OS_")]
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            print(*client.run(work, os.environ["B"]).values())
"""


def test_the_nannies_of_dask_give_it_to_their_workers(field: Field, tmp_path: Path) -> None:
    (tmp_path / "workers.py").write_text(DASK)
    wanted = "jsobj export dask --write; mkdir -p $E/.config; mv ~/.config/dask $E/.config/; export HOME=$E"
    assert field.shell(tmp_path, f"{wanted}; python -W ignore $D/workers.py").count("/seen") == 2
    assert field.body("written") == BODY


def test_the_variables_of_a_secret_of_kubernetes_are_enough(field: Field, tmp_path: Path) -> None:
    field.shell(tmp_path, "jsobj export kubernetes > manifest")
    manifest = yaml.safe_load((tmp_path / "manifest").read_text())
    assert (manifest["kind"], manifest["metadata"]["name"]) == ("Secret", "field-swift")
    assert "seen" in field.shell(tmp_path, JSOBJ[0], **manifest["stringData"], HOME=str(tmp_path / "empty"))


# What the two hosts' own programs would get on standard input; they cannot be run without an account there.
HOST = '#!/bin/bash\necho "$3=$(cat)" >> $D/stored\n'


@pytest.mark.parametrize("tool", ["github-actions", "gitlab-ci"])
def test_a_job_stores_its_secrets_logs_in_and_uploads(
    field_on: Callable[..., Field], tool: str, tmp_path: Path
) -> None:
    field = field_on("swift")
    (made,) = field.jsobj("export", tool, "--bucket", field.bucket, "--json").json["items"]
    job = yaml.safe_load(made["files"][0]["text"])
    for program in ("gh", "glab"):
        (tmp_path / program).write_text(HOST)
        (tmp_path / program).chmod(0o700)
    field.shell(tmp_path, "PATH=$D:$PATH; " + made["note"].partition("store the secrets: ")[2])
    stored = dict(line.split("=", 1) for line in (tmp_path / "stored").read_text().splitlines())
    assert set(stored) == {"OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_SECRET"}
    if tool == "github-actions":
        assert {name for name, value in job["env"].items() if value == f"${{{{ secrets.{name} }}}}"} == set(stored)
        steps = [step["run"] for step in job["jobs"]["upload"]["steps"] if "run" in step]
        variables = job["env"] | stored
    else:
        steps, variables = job["upload"]["script"], job["variables"] | stored
    assert steps[0].endswith(" install jsobj")
    (tmp_path / "README.md").write_text("# Results\n")
    field.shell(tmp_path, "; ".join(steps[1:]), **variables, HOME=str(tmp_path / "empty"))
    assert field.body("README.md") == "# Results\n"


@pytest.mark.parametrize("name", ["rclone", "openstack", "swift", "shell", "shell-openstack"])
def test_a_password_is_exported_as_well(
    field_on: Callable[..., Field], cloud: Cloud, name: str, tmp_path: Path
) -> None:
    field = field_on("swift", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    assert_reads(field, CASES[name], tmp_path)


@pytest.mark.parametrize("name", ["rclone", "openstack", "swift", "shell", "shell-openstack"])
def test_the_authorities_of_a_cloud_belong_to_it(
    field_on: Callable[..., Field], cloud: Cloud, fronts: Fronts, name: str, tmp_path: Path
) -> None:
    """A Keystone over https, whose certificate only the authorities named at the login vouch for."""
    keystone = urlsplit(cloud.auth_url)
    front = fronts.before(f"http://{keystone.netloc}").origin
    newcomer = Jsobj(tmp_path / "home", cloud.secrets)
    rc = edited(cloud, newcomer, "app-cred-restricted", (cloud.auth_url, f"{front}{keystone.path}"))
    authorities = str(fronts.authorities())
    field = field_on("swift", rc, env={"OS_CACERT": authorities})
    steps = CASES[name]
    if name == "rclone":
        (made,) = field.jsobj("export", "rclone", "--json").json["items"]
        assert f"--ca-cert {authorities}" in made["note"]
        steps = tuple(line.replace("rclone l", f"rclone --ca-cert {authorities} l") for line in steps)
        steps = tuple(line.replace("rclone c", f"rclone --ca-cert {authorities} c") for line in steps)
    assert_reads(field, steps, tmp_path)
