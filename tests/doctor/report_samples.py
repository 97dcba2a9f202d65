"""Documents for the report's tests: one with everything in it, and the means to make others."""

from __future__ import annotations

from datetime import datetime, timezone

from jsobj.doctor.report.page import render

MADE = datetime(2026, 11, 21, 3, 10, tzinfo=timezone.utc)
FAILED_IDS = ("ec2-key", "s3fs")
WARNED_IDS = ("section-name",)
LONG_URL = f"https://js2.example.org:5000/v3/users/{'5f0bcdc8' * 4}/credentials/OS-EC2/{'b7d1e4c2' * 12}"


def check(
    name: str, *, layer: str = "local", title: str = "Title", status: str = "PASS", hint: str = "", seconds: float = 0,
    evidence: dict[str, str] | None = None, fix: dict[str, str] | None = None,
) -> dict[str, object]:  # fmt: skip
    return {
        "id": name, "layer": layer, "title": title, "status": status, "evidence": {"found": "", **(evidence or {})},
        "hint": hint, "fix": fix and {"title": "", "path": "", "diff": "", **fix}, "seconds": seconds,
    }  # fmt: skip


def document(*checks: dict[str, object]) -> dict[str, object]:
    return {"schema": "jsobj.doctor/1", "checks": list(checks), "summary": {}, "about": {}}


CHECKS = (
    check(
        "section-name", layer="local-files", title="The section is named as AWS wants it", status="WARN", seconds=0.003,
        evidence={"found": "[js2] lacks the word 'profile'", "file": "/home/otto/.aws/config", "line": "4"},
        hint="let jsobj mend it: jsobj doctor section-name --fix",
        fix={
            "title": "write [profile js2]", "path": "/home/otto/.aws/config",
            "diff": "--- config\n+++ config (mended)\n@@ -4 +4 @@\n-[js2]\n+[profile js2]\n",
        },
    ),
    check("modes", layer="local-files", title="Only you can read your keys", seconds=0.004, evidence={"found": "0600"}),
    check("dns", layer="dns", title="The names resolve", seconds=0.043, evidence={"found": "2 names"}),
    check("token", layer="token", title="The login is accepted", seconds=0.64, evidence={"found": "", "user": "otto"}),
    check(
        "ec2-key", layer="ec2-key", title="The key exists at Keystone", status="FAIL", seconds=0.31,
        evidence={
            "found": "Keystone has no such EC2 key", "url": LONG_URL,
            "x-openstack-request-id": "req-bd1c0a57-4e5c-4fd5-8a6f-1b6b27a7f6f5",
            "said": '{"error":{"code":404,"message":"<script>alert(1)</script>\x1b[31m \u202e"}}',
        },
        hint=f"make a new key and write it to the profile: jsobj ec2-creds --new --profile {'long-name-' * 6}end",
    ),
    check("signature", layer="s3", status="SKIP", evidence={"found": "not looked at, since 'ec2-key' failed"}),
    check("region", layer="s3", status="SKIP", evidence={"found": "not looked at, since 'ec2-key' failed"}),
    check(
        "s3fs", layer="round-trip", title="An object goes there and back with s3fs", status="FAIL", seconds=3.02,
        evidence={"found": f"the server answered 503 to PUT {LONG_URL}"}, hint="try again in a minute",
    ),
)  # fmt: skip


def sample() -> str:
    """A page with two failures, a warning, skips, a fix, a request id, long words and hostile ones."""
    return render(document(*CHECKS), jsobj_version="1.2.3", made=MADE)


def first_found(name: str) -> str:
    """What the check of that id found."""
    evidence = next(entry["evidence"] for entry in CHECKS if entry["id"] == name)
    assert isinstance(evidence, dict)
    return str(evidence["found"])
