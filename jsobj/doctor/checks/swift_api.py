"""The Swift API with the token, which works with every login, and the quota."""

from __future__ import annotations

from collections.abc import Mapping

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.doctor.http import ask, facts_of, unavailable
from jsobj.identity.keystone.client import verify_of
from jsobj.net.request import Reply
from jsobj.units import human_bytes
from jsobj.urls import Origin, parse_url

_NEARLY = 0.9  # of the quota


def account(case: Case) -> Finding:
    """The token opens the project's account."""
    login = needed(case.keystone).login
    url = login.swift_url
    reply = ask_swift(case, "?limit=1000")
    facts = {"url": url, **facts_of(reply)}
    status = reply.status
    if status in {200, 204}:
        case.swift = reply.headers
        case.containers = tuple(name for name in reply.text.split("\n") if name) if status == 200 else ()
        used = human_bytes(_number(case.swift, "x-account-bytes-used"))
        facts["containers"] = case.swift.get("x-account-container-count", "not given")
        return passed(f"the Swift API answers: {facts['containers']} container(s), {used}", facts)
    if status == 403:
        roles = ", ".join(login.roles) or "none"
        sentence = f"the object store does not open project {login.project.name} to the role(s) {roles}"
        return failed(sentence, facts, hint="ask the project's manager for the role 'member'")
    if status == 401:
        sentence = "the object store refuses a token that Keystone has just given"
        return failed(sentence, facts, hint="object store and Keystone do not agree: tell the cloud's help desk")
    hint = "tell the cloud's help desk: the catalogue's address is not the right one"
    if found := unavailable(reply, "the Swift API", facts, kept="token", hint=hint):
        return found
    sentence = f"the address in the catalogue is not this project's account (HTTP {status})"
    return failed(sentence, facts, hint="tell the cloud's help desk what the catalogue says")


def ask_swift(
    case: Case, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, anonymous: bool = False
) -> Reply:
    """A request with the token, or without, below the account's URL; ``path`` may carry a query.

    Raises :class:`jsobj.errors.JsobjError` (network).
    """
    keystone = needed(case.keystone)
    origin, root = swift_place(case)
    token = {} if anonymous else {"X-Auth-Token": keystone.token.reveal()}
    verify = verify_of(keystone, case.settings)
    return ask(case, origin, f"{root}{path}", method=method, verify=verify, headers={**token, **(headers or {})})


def swift_place(case: Case) -> tuple[Origin, str]:
    """The account's URL: origin and path."""
    return parse_url(needed(case.keystone).login.swift_url)


def quota(case: Case) -> Finding:
    """There is room left in the project's quota."""
    limit = _number(case.swift, "x-account-meta-quota-bytes")
    used = _number(case.swift, "x-account-bytes-used")
    objects, most = _number(case.swift, "x-account-object-count"), _number(case.swift, "x-account-meta-quota-count")
    evidence = {"used": human_bytes(used), "objects": str(objects)}
    if not limit and not most:
        return passed(f"{human_bytes(used)} used; the account has no known quota", evidence)
    evidence["quota"] = " and ".join(
        text for text in (human_bytes(limit) if limit else "", f"{most} objects" if most else "") if text
    )
    share = max(used / limit if limit else 0.0, objects / most if most else 0.0)
    hint = "delete what is not needed (jsobj bucket list swift:// shows sizes), or ask for more"
    if share >= 1:
        return failed(f"the project's quota is used up ({evidence['quota']})", evidence, hint=hint)
    if share >= _NEARLY:
        return warned(f"{share:.0%} of the project's quota is used ({evidence['quota']})", evidence, hint=hint)
    return passed(f"{share:.0%} of the project's quota is used ({evidence['quota']})", evidence)


def _number(headers: Mapping[str, str], name: str) -> int:
    try:
        return max(0, int(headers.get(name, "0")))
    except ValueError:
        return 0
