"""Do the settings of the AWS profiles mean what was meant? Values that are misread, missing or misleading.

What is wrong in the profile in use fails; the same in another profile is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped, warned
from jsobj.doctor.checks.aws_files import texts
from jsobj.doctor.fix import setting_fix
from jsobj.errors import JsobjError
from jsobj.identity.aws_files.profile import read_profile, sections_of
from jsobj.urls import normalise_endpoint

_COMMENT = re.compile(r"\s[#;]")
_CHECKSUMS = dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
# Settings by which botocore logs in otherwise than with the profile's keys (its credentials.py).
_OTHER_LOGINS = (
    "credential_process",
    "role_arn",
    "source_profile",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "aws_session_token",
)


def values(case: Case) -> Finding:
    """Comments behind a value and quotes around it become part of it."""
    chosen = _sections_of_choice(case)
    problems = list(_swallowed(case))
    if not problems:
        return passed("no comment or quote has become part of a value")
    mine = [p for p in problems if p[1] in chosen]
    path, section, key, what = (mine or problems)[0]
    others = {f"{p[0].name} [{p[1]}]": f"{p[2]}: {p[3]}" for p in problems}
    sentence = f"{path}, [{section}]: {what} the value of {key}"
    hint = f"put the comment on a line of its own, and write the value without quotes, in {path}"
    return (failed if mine else warned)(sentence, others, hint=hint)


def _swallowed(case: Case) -> Iterator[tuple[Path, str, str, str]]:
    for path, section, key, value in texts(case):
        if _COMMENT.search(value):
            yield path, section, key, "a comment has become part of"
        elif len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            yield path, section, key, "quotation marks have become part of"


def endpoint(case: Case) -> Finding:
    """``endpoint_url`` is an origin: no ``/swift/v1``, no account, no slash at the end."""
    chosen = _sections_of_choice(case)
    worst: Finding | None = None
    seen = 0
    for path, section, key, value in texts(case):
        if key.rpartition(".")[2] == "endpoint_url" and value:
            seen += 1
            finding = _judge_endpoint(path, section, key, value, mine=section in chosen)
            if finding is not None and (worst is None or section in chosen):
                worst = finding
    return worst or passed(f"{seen} endpoint(s), each an origin")


def _judge_endpoint(path: Path, section: str, key: str, value: str, *, mine: bool) -> Finding | None:
    where = {"file": str(path), "section": f"[{section}]", "endpoint_url": value[:200]}
    verdict: Callable[..., Finding] = failed if mine else warned
    try:
        origin = str(normalise_endpoint(value).origin)
    except JsobjError as error:
        return verdict(f"{path}, [{section}]: {error.message}", where, hint=error.hint)
    if value == origin:
        return None
    fix = None if "." in key else setting_fix(f"endpoint_url = {origin}", path, section, {key: origin})
    if value.rstrip("/") == origin or value.lower() == origin:
        sentence = f"{path}, [{section}]: endpoint_url should be written {origin}"
        return warned(sentence, where, hint="mend it: jsobj doctor --fix", fix=fix)
    sentence = f"{path}, [{section}]: endpoint_url is the address of the Swift API; S3 speaks at {origin}"
    return verdict(sentence, where, hint="mend it: jsobj doctor --fix", fix=fix)


def checksums(case: Case) -> Finding:
    """Checksums are sent only when required: trailing ones break uploads on older Ceph and Swift, over https."""
    name = case.profile_choice().name
    profile = read_profile(case.settings.aws, name) if name else None
    if profile is None or not profile.endpoint_url:
        return skipped("no profile is in use")
    if profile.checksums == "when_required":
        return passed("checksums are sent when the server requires them", {"profile": name})
    path = case.settings.aws.config
    header = next((s for s in sections_of(path) if s in {name, f"profile {name}"}), "")
    fix = setting_fix("checksums = when_required", path, header, _CHECKSUMS) if header else None
    sentence = f"profile '{name}' sends checksums that older Ceph and Swift releases refuse (over https)"
    hint = "mend it: jsobj doctor --fix" if fix else f"write it again: jsobj ec2-creds --profile {name}"
    return warned(sentence, {"setting": profile.checksums or "missing or mixed"}, hint=hint, fix=fix)


def other_logins(case: Case) -> Finding:
    """Nothing in the profile makes other tools log in otherwise than with its keys."""
    name = case.profile_choice().name
    if not name:
        return skipped("no profile is in use")
    mine = _sections_of_choice(case)
    held = {
        key: f"{path}, [{section}]" for path, section, key, _ in texts(case) if section in mine and key in _OTHER_LOGINS
    }
    if "aws_session_token" in held:
        sentence = f"profile '{name}' holds aws_session_token: every request is signed for Amazon's sessions and fails"
        return failed(sentence, held, hint=f"remove the line aws_session_token from {held['aws_session_token']}")
    if held:
        sentence = f"profile '{name}' also says {', '.join(held)}: other tools may run or use that instead of the keys"
        return warned(sentence, held, hint="remove it, or use another profile: jsobj ec2-creds --profile NAME")
    if missing := _missing_services(case):
        sentence = f"profile '{name}' says services = {missing}, and {case.settings.aws.config} has no such section"
        return failed(sentence, hint=f"add [services {missing}] to the file, or remove the line")
    return passed(f"profile '{name}' has its keys as the only login")


def _missing_services(case: Case) -> str:
    found = sections_of(case.settings.aws.config)
    for section in _sections_of_choice(case):
        wanted = found.get(section, {}).get("services", "")
        if isinstance(wanted, str) and wanted and f"services {wanted}" not in found:
            return wanted
    return ""


def _sections_of_choice(case: Case) -> tuple[str, ...]:
    name = case.profile_choice().name
    return (name, f"profile {name}") if name else ()
