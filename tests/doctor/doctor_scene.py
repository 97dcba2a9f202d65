"""A patient: a HOME that works, in which one thing is then broken for real, and what the doctor must say about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from commands import Jsobj
from doctor_servers import Authority, Change, between
from fixtures_cloud import Cloud

from jsobj.doctor.registry import CHECKS

IDS = [check.id for check in CHECKS]


@dataclass
class Scene:
    """What a fault may break. ``stack`` undoes it; ``words`` are more arguments of the command."""

    jsobj: Jsobj
    cloud: Cloud
    stack: ExitStack
    folder: Path
    held: dict[str, str]
    words: list[str] = field(default_factory=list)

    def edit(self, path: Path, old: str, new: str) -> None:
        """Replace text in a file; it must be there."""
        text = path.read_text()
        assert old in text, f"{old!r} is not in {path}"
        path.write_text(text.replace(old, new))

    def export(self, **variables: str) -> None:
        self.jsobj.variables |= variables

    def forget_login(self) -> None:
        """Neither clouds.yaml nor ledger nor profile."""
        for path in (self.jsobj.clouds, self.jsobj.secure, self.jsobj.credentials, self.jsobj.config):
            path.unlink(missing_ok=True)
        (self.jsobj.home / ".local/state/jsobj/ledger.json").unlink()

    def keystone_at(self, url: str) -> None:
        """Make the login go to ``url`` (with its path)."""
        self.edit(self.jsobj.clouds, self.cloud.auth_url, url)

    def keystone_through(self, change: Change, **more: Any) -> str:
        """Put a way with a fault on it before the real Keystone."""
        origin = self.stack.enter_context(between(self.cloud.auth_url, change, **more))
        self.keystone_at(f"{origin}/v3")
        return origin

    def s3_at(self, origin: str) -> None:
        self.edit(self.jsobj.config, self.cloud.s3_endpoint, origin)

    def s3_through(self, change: Change, **more: Any) -> str:
        """Put a way with a fault on it before the real Swift, for S3."""
        origin = self.stack.enter_context(between(self.cloud.s3_endpoint, change, **more))
        self.s3_at(origin)
        return origin

    def swift_through(self, change: Change, **more: Any) -> None:
        """The same for the Swift API: the catalogue is changed on its way to name it."""
        origin = self.stack.enter_context(between(self.cloud.s3_endpoint, change, **more))
        self.keystone_through(rewriting(self.cloud.s3_endpoint, origin))

    def edit_ledger(self, change: Callable[[dict[str, Any]], None]) -> None:
        path = self.jsobj.home / ".local/state/jsobj/ledger.json"
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    def use_key(self, access: str, secret: str) -> None:
        """Write another key into the profile, as a person with an editor would."""
        held = self.jsobj.profile("demo")
        self.edit(self.jsobj.credentials, held["aws_access_key_id"], access)
        self.edit(self.jsobj.credentials, held["aws_secret_access_key"], secret)

    def mint(self, user: str = "alice") -> tuple[str, str]:
        """A key of its own; deleted afterwards."""
        access, secret = self.cloud.mint_ec2_key(user)
        self.stack.callback(self.delete_key, user, access)
        return access, secret

    def delete_key(self, user: str, access: str) -> None:
        from contextlib import suppress

        with suppress(Exception):  # the test itself may have deleted it
            self.cloud.delete_ec2_key(user, access)

    def authority(self) -> Authority:
        return Authority(self.folder)

    def s3(self) -> Any:
        """boto3 at the real server, past everything that is broken."""
        return client_with(self.held, self.cloud)


def client_of(jsobj: Jsobj, cloud: Cloud) -> Any:
    return client_with(jsobj.profile("demo"), cloud)


def client_with(held: dict[str, str], cloud: Cloud) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=cloud.s3_endpoint,
        region_name=cloud.region,
        aws_access_key_id=held["aws_access_key_id"],
        aws_secret_access_key=held["aws_secret_access_key"],
        config=Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"}),
    )


def rewriting(old: str, new: str) -> Change:
    """A change that replaces a text in every answer."""

    def change(asked: Any, answered: Any) -> None:
        answered.body = answered.body.replace(old.encode(), new.encode())

    return change


@dataclass(frozen=True)
class Fault:
    """One row of the table: how it is made, the id that must be named, and words of the sentence."""

    name: str
    make: Callable[[Scene], None]
    expected: str
    status: str
    says: str
    write: bool


class Table:
    """``@table.row("aws-files", "FAIL", "byte order mark")`` over a function that makes the fault."""

    def __init__(self) -> None:
        self.rows: list[Fault] = []

    def row(
        self, expected: str, status: str, says: str, *, write: bool = False
    ) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
        assert expected in IDS

        def add(make: Callable[[Scene], None]) -> Callable[[Scene], None]:
            self.rows.append(Fault(make.__name__, make, expected, status, says, write))
            return make

        return add

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.rows]


def judge(fault: Fault, scene: Scene) -> dict[str, Any]:
    """Make the fault, run the doctor, and hold what it says against the row."""
    fault.make(scene)
    words = ["doctor", "--json", *([] if fault.write else ["--no-round-trip"]), *scene.words]
    document = scene.jsobj(*words, code=10 if fault.status == "FAIL" else 0).json
    checks = {check["id"]: check for check in document["checks"]}
    told = {n: (c["status"], c["evidence"]["found"]) for n, c in checks.items() if c["status"] in ("WARN", "FAIL")}
    failed = [name for name, (status, _) in told.items() if status == "FAIL"]
    assert failed == ([fault.expected] if fault.status == "FAIL" else []), told
    assert told.get(fault.expected, ("", ""))[0] == fault.status, told
    assert fault.says.lower() in json.dumps(checks[fault.expected], ensure_ascii=False).lower(), told
    assert document["summary"]["first_failed"] == (failed[0] if failed else None)
    for name, check in checks.items():
        assert check["hint"] or check["status"] in ("PASS", "SKIP"), name
    return checks
