"""Other tools' files: checks of certificates turned off, key files that others can read."""

from __future__ import annotations

import re
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, passed, warned
from jsobj.ec2_keys.other_files import holders
from jsobj.identity import ledger
from jsobj.units import iso_time

_LIMIT = 1 << 20  # bytes of a file that are looked at
# File below HOME, tool, pattern of the line that turns certificates off.
_UNCHECKED = (
    (".s3cfg", "s3cmd", r"(?im)^\s*check_ssl_(?:certificate|hostname)\s*=\s*false"),
    (".config/rclone/rclone.conf", "rclone", r"(?im)^\s*no_check_certificate\s*=\s*true"),
    (".curlrc", "curl", r"(?im)^\s*-{0,2}(?:insecure\b|k\s*$)"),
    (".boto", "gsutil and boto", r"(?im)^\s*https_validate_certificates\s*=\s*false"),
    (".wgetrc", "wget", r"(?im)^\s*check[-_]certificate\s*=\s*(?:off|false|no)"),
)
_SECRET_FILES = (".s3cfg", ".passwd-s3fs", ".config/rclone/rclone.conf", ".boto", ".netrc")


def certificates(case: Case) -> Finding:
    """No other tool of this user has its check of TLS certificates turned off."""
    found: dict[str, str] = {}
    tools: list[str] = []
    for name, tool, pattern in _UNCHECKED:
        text = _text(case.settings.home / name)
        if match := re.search(pattern, text):
            line = text.count("\n", 0, match.end()) + 1
            found[f"{case.settings.home / name} line {line}"] = match[0].strip()
            tools.append(tool)
    if found:
        sentence = f"{next(iter(found))}: {tools[0]} does not check TLS certificates"
        return warned(sentence, found, hint="remove that line; for a private authority name its file instead")
    return passed("no other tool has its check of certificates turned off")


def open_files(case: Case) -> Finding:
    """Files of other tools that hold keys are for their owner alone."""
    open_to_others = {
        str(path): f"mode {path.stat().st_mode & 0o777:04o}"
        for name in _SECRET_FILES
        if (path := case.settings.home / name).is_file() and path.stat().st_mode & 0o077
    }
    if open_to_others:
        first = next(iter(open_to_others))
        return warned(f"{first} may hold keys and can be used by others", open_to_others, hint=f"chmod 600 {first}")
    return passed("key files of other tools are private")


def dead_keys(case: Case) -> Finding:
    """No file of another tool holds a key that was rotated away."""
    found: dict[str, str] = {}
    first = None
    for record in ledger.read(case.settings).keys:
        end = iso_time(record.retire_after)
        if end is None or end > case.now():
            continue
        for holder in holders(case.settings, record.access):
            found[str(holder.path)] = f"{holder.tool}, key {record.access}, ended on {record.retire_after[:10]}"
            first = first or (holder, record.profile)
    if first is not None:
        holder, profile = first
        sentence = f"{holder.path} holds a key that was rotated away: {holder.tool} is refused with it"
        return warned(sentence, found, hint=f"write the new one: {holder.rewrite(profile)}")
    return passed("no other tool holds a key that was rotated away")


def shadows(case: Case) -> Finding:
    """No ``~/.boto`` or ``/etc/boto.cfg`` gives botocore keys where no profile is named."""
    held = {
        str(path): "aws_access_key_id"
        for path in (case.settings.home / ".boto", Path("/etc/boto.cfg"))
        if "aws_access_key_id" in _text(path)
    }
    if held:
        first = next(iter(held))
        sentence = f"{first} holds a key that boto3 uses wherever no profile is named"
        return warned(sentence, held, hint="name the profile (AWS_PROFILE), or remove the key from that file")
    return passed("no old boto file holds keys")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT).decode("utf-8", "replace")
    except OSError:
        return ""
