"""Keystone: is it one, does it let us in, as whom, for how long, and what does its catalogue offer?"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed, skipped, warned
from jsobj.doctor.checks.chosen_login import login_command
from jsobj.doctor.checks.network import keystone as target_of_keystone
from jsobj.doctor.http import ask, facts_of, unavailable
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity import ledger
from jsobj.identity.keystone.app_credentials import AppCredentials
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.token import identity_root
from jsobj.net.dates import clock_offset
from jsobj.net.request import Reply
from jsobj.units import days_left, human_time, iso_time
from jsobj.urls import parse_url

_SOON = timedelta(days=7)
_PATHS = ("/v3", "/identity/v3", "/keystone/v3")  # where portals and distributions put Keystone


def discovery(case: Case) -> Finding:
    """What answers at OS_AUTH_URL is a Keystone with API version 3."""
    target = target_of_keystone(case)
    url = identity_root(needed(case.source).auth_url)
    reply = ask(case, target.origin, parse_url(url)[1], verify=target.verify)
    if (offset := clock_offset(reply.headers)) is not None:
        case.dates["Keystone"] = offset
    version = _version(reply)
    if version:
        return passed(f"Keystone answers at {url} (API {version})", {"version": version, **facts_of(reply)})
    facts = {"url": url, **facts_of(reply)}
    hint = "write the address it names into OS_AUTH_URL, if that is your cloud's"
    if found := unavailable(reply, f"Keystone at {url}", facts, kept="secret", hint=hint):
        return found
    if reply.media_type == "text/html" and reply.status == 200:
        sentence = f"{url} answers with a web page: a captive portal, a proxy, or the portal instead of Keystone"
        return failed(sentence, facts, hint="log in to the network with a browser, or correct OS_AUTH_URL")
    other = _elsewhere(case)
    hint = f"set OS_AUTH_URL={other} and log in again" if other else "check host, port and path of OS_AUTH_URL"
    return failed(f"{url} answers, but not as a Keystone (Identity API v3)", facts, hint=hint)


def _version(reply: Reply) -> str:
    try:
        document = reply.json()
    except ValueError:
        return ""
    version = document.get("version") if isinstance(document, dict) else None
    identifier = str(version.get("id", "")) if isinstance(version, dict) else ""
    return identifier if reply.status == 200 and identifier.startswith("v3") else ""


def _elsewhere(case: Case) -> str:
    """Where else on that host a Keystone answers; "" for nowhere."""
    target = target_of_keystone(case)
    with contextlib.suppress(JsobjError):
        for path in _PATHS:
            if _version(ask(case, target.origin, path, verify=target.verify)):
                return f"{target.origin}{path}"
    return ""


def token(case: Case) -> Finding:
    """Keystone lets us in."""
    try:
        case.keystone = Keystone(needed(case.source))
    except JsobjError as error:
        return _refused(case, error)
    login = case.keystone.login
    evidence = {
        "user": login.user.name,
        "project": f"{login.project.name} ({login.project.id})",
        "methods": ", ".join(login.methods),
        "token ends": human_time(login.token_expires) if login.token_expires else "not given",
    }
    return passed(f"{login.user.name} is logged in to project {login.project.name}", evidence)


def _refused(case: Case, error: JsobjError) -> Finding:
    """A 401 with its likely cause: Keystone says the same for a wrong secret, an expired and a deleted credential."""
    evidence = {"reference": error.reference, "seen": error.context}
    cloud = needed(case.source).cloud
    end = iso_time(ledger.read(case.settings).cloud(cloud).expires) if cloud else None
    if error.code is ExitCode.AUTH and end is not None and end <= case.now():
        sentence = f"the application credential of cloud '{cloud}' expired on {human_time(end)}"
        return failed(sentence, evidence, hint=f"make a new one in the portal, then: {login_command(cloud)}")
    return failed(error.message, evidence, hint=error.hint or f"jsobj explain {error.reference}")


def expiry(case: Case) -> Finding:
    """The application credential lasts; says whether it is restricted."""
    keystone = needed(case.keystone)
    login, cloud = keystone.login, keystone.source.cloud
    if login.credential is None:
        return passed("a login as a person does not expire", {"methods": ", ".join(login.methods)})
    known = ledger.read(case.settings).cloud(cloud).expires
    end = AppCredentials(keystone).expiry().end or iso_time(known)
    kind = "restricted" if login.credential.restricted else "unrestricted"
    evidence = {"credential": login.credential.name or login.credential.id, "kind": kind}
    if end is None:
        return passed(f"the {kind} application credential has no known end", evidence)
    left = days_left(end, case.now())
    evidence["ends"] = human_time(end)
    if end - case.now() < _SOON:
        hint = f"make a new one in the portal in time, then: {login_command(cloud)}"
        return warned(f"the application credential ends in {left}", evidence, hint=hint)
    return passed(f"the {kind} application credential has {left} left", evidence)


def role(case: Case) -> Finding:
    """The roles allow more than reading."""
    login = needed(case.keystone).login
    evidence = {"roles": ", ".join(login.roles) or "none", "project": login.project.name}
    hint = f"ask the manager of project {login.project.name} for the role 'member'"
    if not login.roles:
        return failed(f"no role in project {login.project.name}", evidence, hint=hint)
    if reads_only(case):
        return warned(f"the role in project {login.project.name} only allows reading", evidence, hint=hint)
    return passed(f"role in project {login.project.name}: {', '.join(login.roles)}", evidence)


def reads_only(case: Case) -> bool:
    """Whether the login's roles allow only reading. False without a login."""
    return case.keystone is not None and {name.lower() for name in case.keystone.login.roles} == {"reader"}


def project(case: Case) -> Finding:
    """The project is the one that this cloud's name stood for at login."""
    login = needed(case.keystone).login
    record = ledger.read(case.settings).cloud(needed(case.keystone).source.cloud)
    evidence = {"project": f"{login.project.name} ({login.project.id})", "domain": login.project.domain}
    if record.project_id and record.project_id != login.project.id:
        sentence = (
            f"cloud '{record.name}' stood for project {record.project_name} when it was set up, "
            f"and now logs in to {login.project.name}"
        )
        hint = f"make a profile of its own for the new one: jsobj ec2-creds --cloud {record.name} --profile NAME"
        return warned(sentence, evidence, hint=hint)
    return passed(f"project {login.project.name}", evidence)


def catalog(case: Case) -> Finding:
    """The catalogue has an object store for the region and interface in use."""
    login = needed(case.keystone).login
    entries = [e for e in login.catalog.endpoints if e.service == "object-store"]
    listed = {f"{e.region} {e.interface}": e.url for e in entries[:12]}
    if not entries:
        services = ", ".join(sorted({e.service for e in login.catalog.endpoints})) or "nothing"
        sentence = f"the catalogue of project {login.project.name} has no object-store"
        hint = "ask your cloud's help desk for object storage in this project"
        return failed(sentence, {"offered": services}, hint=hint)
    try:
        url = login.swift_url
        origin = login.s3_origin
    except JsobjError as error:
        return failed(error.message, listed, hint=error.hint)
    swift, _ = parse_url(url)
    if swift.scheme == "http" and not swift.secure:
        return warned(f"the catalogue gives a plain http address: {url}", listed, hint="tell the cloud's help desk")
    return passed(f"object store of region {login.region or 'the only one'}: {url}", {**listed, "S3": str(origin)})


def same_endpoint(case: Case) -> Finding:
    """The profile is for the object store of this very cloud."""
    access, wanted = needed(case.access), needed(case.keystone).login.s3_origin
    if access.origin == wanted:
        return passed("the profile's endpoint is the catalogue's", {"endpoint": str(wanted)})
    evidence = {"profile": str(access.origin), "catalogue": str(wanted)}
    record = ledger.read(case.settings).key(access.key.access)
    if record is None:
        return skipped("the profile is not from jsobj, and may be for another cloud")
    hint = "write it again: jsobj ec2-creds --overwrite; or choose the cloud that it is for: --cloud NAME"
    return warned("the profile's endpoint is not the one in the cloud's catalogue", evidence, hint=hint)
