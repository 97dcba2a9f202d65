"""Private objects are private; and can this project publish? Tried on an object that the doctor writes."""

from __future__ import annotations

from urllib.parse import quote

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped, warned
from jsobj.doctor.checks.swift_api import ask_swift
from jsobj.net.body import BytesSource

_PRIVATE = frozenset({401, 403, 404})


def reading(case: Case) -> Finding:
    """What is not published cannot be read without a key; what is published can (Swift's ``.r:*``)."""
    scratch = case.scratch["swift"]
    if not scratch.own:
        return skipped("left out, since it would publish the bucket of --bucket for a moment")
    path = f"/{quote(scratch.name)}/{quote(scratch.key('public'))}"
    with scratch.working():
        scratch.store.put(scratch.key("public"), BytesSource(b"public"))
    before = ask_swift(case, path, anonymous=True).status
    evidence = {"without a key, private": f"HTTP {before}"}
    if before not in _PRIVATE:
        sentence = f"an object that was never published can be read by everybody (HTTP {before})"
        return failed(sentence, evidence, hint="tell the cloud's help desk at once")
    made = ask_swift(case, f"/{quote(scratch.name)}", method="POST", headers={"X-Container-Read": ".r:*"})
    evidence["publishing"] = f"HTTP {made.status}"
    hint = "share single objects by presigned addresses instead, or ask the help desk"
    if made.status >= 300:
        return warned(f"this login may not publish (HTTP {made.status})", evidence, hint=hint)
    after = ask_swift(case, path, anonymous=True).status
    evidence["without a key, published"] = f"HTTP {after}"
    if after != 200:
        return warned(f"what is published cannot be read without a key (HTTP {after})", evidence, hint=hint)
    return passed("private objects are private, published ones can be read by everybody", evidence)
