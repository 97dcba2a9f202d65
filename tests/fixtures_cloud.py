"""The embedded cloud as a fixture: one for the whole session, shared by every test that asks for ``cloud``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rigs import lack

from jsobj import processes
from jsobj.sandbox import lifecycle, requirements
from jsobj.sandbox.population import MEMBERS
from jsobj.sandbox.services.keystone_api import KeystoneApi
from jsobj.sandbox.status import SandboxStatus

SEGMENTS = ("_segments", "+segments")  # what containers of segments are called: by Swift's clients, by its S3


@dataclass(frozen=True)
class Cloud:
    """A running sandbox. Tests share it: make your own buckets, and delete your own keys."""

    status: SandboxStatus

    @property
    def folder(self) -> Path:
        return self.status.folder

    @property
    def auth_url(self) -> str:
        return self.status.auth_url

    @property
    def swift_url(self) -> str:
        """The account of project ``demo``."""
        return self.status.swift_url

    @property
    def s3_endpoint(self) -> str:
        return self.status.s3_endpoint

    @property
    def region(self) -> str:
        return self.status.region

    def password(self, user: str) -> str:
        """Of ``alice``, ``rita``, ``otto`` or ``admin``."""
        return lifecycle.password(self.folder, user).reveal()

    @property
    def secrets(self) -> set[str]:
        """Every secret that a user of this cloud could lose."""
        record = json.loads((self.folder / "state/record.json").read_text())
        return {*record["passwords"].values(), *(secret for _, secret in record["app_credentials"].values())}

    def rc(self, role: str) -> Path:
        """A downloaded file: ``openrc-password``, ``app-cred-restricted``, ``clouds`` ... (the keys of ``files``)."""
        return self.status.files[role]

    def keystone(self, user: str) -> KeystoneApi:
        """Keystone with a password token of ``user`` in his project."""
        project = "admin" if user == "admin" else MEMBERS[user][0]
        return KeystoneApi(self.auth_url).log_in(user, lifecycle.password(self.folder, user), project)

    def keystone_token(self, user: str) -> str:
        token = self.keystone(user).token
        assert token
        return token.reveal()

    def user_id(self, user: str) -> str:
        users = self.keystone("admin").call("GET", f"/users?name={user}")["users"]
        return str(users[0]["id"])

    def mint_ec2_key(self, user: str) -> tuple[str, str]:
        """A fresh EC2 key of ``user`` in his project: access and secret. Delete it if another test may count keys."""
        body = {"tenant_id": self.status.projects[MEMBERS[user][0]]}
        path = f"/users/{self.user_id(user)}/credentials/OS-EC2"
        pair = self.keystone(user).call("POST", path, body)["credential"]
        return pair["access"], pair["secret"]

    def sweep(self, user: str, account: str = "") -> None:
        """Take away the segments that tests left in an account after their container; no test may be running there.

        ``account``: its URL over the Swift API, where it is at another server than the sandbox's Swift.
        """
        import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

        account = account or self.swift_url.replace(
            self.status.projects["demo"], self.status.projects[MEMBERS[user][0]]
        )
        swift = swiftclient.Connection(preauthurl=account, preauthtoken=self.keystone_token(user), retries=5)
        names = {item["name"] for item in swift.get_account(full_listing=True)[1]}
        for name in names:
            if any(name.endswith(end) and name.removesuffix(end) not in names for end in SEGMENTS):
                for item in swift.get_container(name, full_listing=True)[1]:
                    swift.delete_object(name, item["name"])
                swift.delete_container(name)
        swift.close()

    @contextlib.contextmanager
    def published(self, region: str, swift_url: str) -> Iterator[None]:
        """A second object store in the catalogue, for a while: tests that name no region count on there being one.

        ``%(project_id)s`` in the URL stands for the project that asks.
        """
        keystone = self.keystone("admin")
        if region not in {known["id"] for known in keystone.call("GET", "/regions")["regions"]}:
            keystone.call("POST", "/regions", {"region": {"id": region}})
        service = keystone.call("GET", "/services?type=object-store")["services"][0]["id"]
        words = {"service_id": service, "interface": "public", "region_id": region, "url": swift_url}
        made = keystone.call("POST", "/endpoints", {"endpoint": words})["endpoint"]["id"]
        try:
            yield
        finally:
            # A token of its own: the first may have ended meanwhile.
            self.keystone("admin").call("DELETE", f"/endpoints/{made}")

    def delete_ec2_key(self, user: str, access: str) -> None:
        self.keystone(user).call("DELETE", f"/users/{self.user_id(user)}/credentials/OS-EC2/{access}")


def need_sandbox() -> None:
    """Skip where the sandbox cannot run; fail instead when the rigs are required."""
    reason = ""
    if lacking := requirements.missing(keystone_elsewhere=False):
        reason = f"the extra 'sandbox' is not installed: pip install 'jsobj[sandbox]' ({', '.join(lacking)})"
    elif not processes.supported():
        reason = "the sandbox needs Linux 5.3"
    if reason:
        lack(reason)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A real Keystone and a real Swift on loopback."""
    need_sandbox()
    folder = tmp_path_factory.mktemp("cloud") / "sandbox"
    try:
        yield Cloud(lifecycle.start(folder))
    finally:
        lifecycle.reset(folder)
