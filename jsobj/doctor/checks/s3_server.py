"""The S3 endpoint: which server is it, does it take our signature, and if not, which way of signing would it take?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jsobj.doctor.case import Case, needed
from jsobj.doctor.causes import hint_for
from jsobj.doctor.check import Finding, Fix, failed, passed, warned
from jsobj.doctor.fix import setting_fix
from jsobj.doctor.http import ask, ask_signed, facts_of, unavailable
from jsobj.ec2_keys.probe import recognise
from jsobj.ec2_keys.s3_account import read_buckets
from jsobj.errors import JsobjError
from jsobj.identity.aws_files.profile import names
from jsobj.net.dates import clock_offset
from jsobj.net.request import Reply
from jsobj.net.sigv4 import DEFAULT_REGION
from jsobj.net.xml import error_fields
from jsobj.store.access import S3Access


def server(case: Case) -> Finding:
    """Something that speaks S3 answers, before anything signed is sent."""
    access = needed(case.access)
    reply = ask(case, access.origin, "/", verify=access.verify)
    if (offset := clock_offset(reply.headers)) is not None:
        case.dates["the object store"] = offset
    facts = {"url": str(access.origin), **facts_of(reply)}
    if reply.media_type == "application/json" and '"versions"' in reply.text:
        sentence = f"{access.origin} is another OpenStack service (Keystone?), not the object store"
        return failed(sentence, facts, hint="the catalogue knows the right one: jsobj endpoint")
    hint = "write the address it names into endpoint_url, if that is your cloud's"
    if found := unavailable(reply, str(access.origin), facts, kept="signature", hint=hint):
        return found
    if reply.media_type == "text/html" and "x-trans-id" not in reply.headers:
        sentence = f"{access.origin} answers with a web page: a captive portal, a proxy, or another service"
        hint = "log in to the network with a browser, or correct endpoint_url: jsobj endpoint"
        return failed(sentence, facts, hint=hint)
    info = ask(case, access.origin, "/info", verify=access.verify)
    case.dialect = recognise(access.origin, info, lambda path: ask(case, access.origin, path, verify=access.verify))
    if case.dialect is None:
        sentence = f"{access.origin} answers, but not as an object store"
        return failed(sentence, facts, hint="the catalogue knows the right one: jsobj endpoint")
    title = case.dialect.server_title
    if not case.dialect.speaks_s3:
        sentence = f"{access.origin} is {title} without the S3 API"
        return failed(sentence, facts, hint="use the Swift API: names like swift://container/object")
    return passed(f"{access.origin} is {title}", {**facts, "parts per upload": str(case.dialect.part_limit)})


@dataclass(frozen=True, slots=True)
class _Variant:
    """A way to sign: what differs from the profile, in words, and what is signed for."""

    title: str
    region: str
    host: str = ""


def signature(case: Case) -> Finding:
    """A signed ListBuckets is answered with a list; where it is not, other ways of signing are tried."""
    access = needed(case.access)
    reply = ask_signed(case, access.origin, access.key, access.region, verify=access.verify)
    if (listed := read_buckets(reply)) is not None:
        case.buckets = listed.names
        evidence = {"region": access.region, "buckets": str(len(case.buckets)), **facts_of(reply)}
        return passed(f"the key works: {len(case.buckets)} bucket(s)", evidence)
    facts = facts_of(reply)
    if reply.status == 429 or reply.status >= 500:
        return failed(f"{access.origin} answers {reply.status}", facts, hint="try again in a minute")
    tried = []
    for variant in _variants(access, reply):
        tried.append(variant.title)
        again = ask_signed(case, access.origin, access.key, variant.region, host=variant.host, verify=access.verify)
        if read_buckets(again) is not None:
            return _other_way(case, access, variant, facts)
    facts["also tried"] = "; ".join(tried)
    code = facts.get("code", "")
    sentence = f"{access.origin} refuses the key {access.key.access} ({code or f'HTTP {reply.status}'})"
    return failed(sentence, facts, hint=hint_for(code))


def _variants(access: S3Access, reply: Reply) -> Iterator[_Variant]:
    """Other regions (the one that the server names first), and the Host header as a proxy may have made it."""
    error = error_fields(reply.body)
    wanted = error.get("Region", "") if error.get("Code") == "AuthorizationHeaderMalformed" else ""
    for region in dict.fromkeys((wanted, DEFAULT_REGION, "RegionOne", "default")):
        if region and region != access.region:
            yield _Variant(f"region {region}", region)
    yield _Variant("Host without port", access.region, host=access.origin.host)


def _other_way(case: Case, access: S3Access, variant: _Variant, facts: dict[str, str]) -> Finding:
    if variant.host:
        sentence = f"a proxy before {access.origin} changes the Host header: only a signature for {variant.host} passes"
        hint = "tell the cloud's help desk; use the address without a port if there is one"
        return failed(sentence, facts, hint=hint)
    sentence = f"{access.origin} wants requests signed for region {variant.region}, not {access.region}"
    fix = _region_fix(case, variant.region)
    hint = "mend it: jsobj doctor --fix" if fix else "jsobj ec2-creds"
    if variable := next((v for v in ("AWS_REGION", "AWS_DEFAULT_REGION") if case.settings.get(v)), ""):
        hint = f"export {variable}={variant.region}, or: unset {variable}"
    return failed(sentence, facts, hint=hint, fix=fix)


def _region_fix(case: Case, region: str) -> Fix | None:
    name = case.profile_choice().name
    if not name or name not in names(case.settings.aws) or case.settings.get("AWS_REGION"):
        return None
    path = case.settings.aws.config
    header = name if name == "default" else f"profile {name}"
    try:
        return setting_fix(f"region = {region}", path, header, {"region": region})
    except (OSError, JsobjError):  # no config file, or one that cannot be edited: then the hint has to do
        return None


def same_buckets(case: Case) -> Finding:
    """S3 keys and token see the same buckets: both are for one project."""
    through_swift, through_s3 = set(case.containers or ()), set(case.buckets or ())
    only_s3, only_swift = through_s3 - through_swift, through_swift - through_s3
    counts = {"S3": str(len(through_s3)), "Swift": str(len(through_swift))}
    # A doctor that runs elsewhere, or anybody, may make or delete one between the two lists.
    if len(only_s3) + len(only_swift) <= 2 or through_s3 & through_swift:
        return passed("S3 and Swift show the same buckets", counts)
    sentence = "S3 and Swift show different buckets: the key and the login are for different projects"
    hint = "make a profile for this login: jsobj ec2-creds --profile NAME"
    return warned(sentence, {**counts, "only S3": str(len(only_s3)), "only Swift": str(len(only_swift))}, hint=hint)
