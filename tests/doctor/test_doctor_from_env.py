"""``jsobj doctor --from-env``: a CI job has its environment only; a stored default must not hide what is missing."""

from __future__ import annotations

import shlex

from commands import Jsobj
from doctor_scene import Scene
from fixtures_cloud import Cloud


def statuses(jsobj: Jsobj, *words: str, code: int) -> dict[str, str]:
    checks = jsobj("doctor", *words, "--json", "--no-round-trip", code=code).json["checks"]
    return {check["id"]: check["status"] for check in checks}


def test_a_stored_login_does_not_count(scene: Scene) -> None:
    assert statuses(scene.jsobj, code=0)["login"] == "PASS"
    found = statuses(scene.jsobj, "--from-env", code=10)
    assert [name for name, status in found.items() if status == "FAIL"] == ["login"]
    assert found["profile"] == "SKIP"


def test_the_environment_is_enough(patient: Jsobj, cloud: Cloud) -> None:
    """The variables of the RC file and of a key, and nothing stored at all."""
    rc = cloud.rc("app-cred-unrestricted").read_text()
    pairs = (line.removeprefix("export ").partition("=") for line in rc.splitlines() if line.startswith("export OS_"))
    login = {name: shlex.split(value)[0] for name, _, value in pairs}
    access, secret = cloud.mint_ec2_key("alice")
    keys = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": cloud.s3_endpoint}
    patient.clouds.unlink()
    patient.secure.unlink()
    patient.credentials.unlink()
    patient.config.unlink()
    patient.variables |= {**login, **keys, "AWS_DEFAULT_REGION": cloud.region}
    try:
        found = statuses(patient, "--from-env", code=0)
    finally:
        cloud.delete_ec2_key("alice", access)
    assert (found["login"], found["profile"], found["token"], found["s3-signature"]) == ("PASS",) * 4


def test_with_a_cloud_it_is_a_contradiction(patient: Jsobj) -> None:
    error = patient("doctor", "--from-env", "--cloud", "demo", "--json", code=2).error
    assert "exclude each other" in error["message"]
