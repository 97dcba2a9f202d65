"""Variables in the environment that override what the files say. Values of secrets are never shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.errors import JsobjError
from jsobj.identity.auth_source import from_environment
from jsobj.identity.aws_files.profile import AwsProfile, read_profile
from jsobj.identity.current import chosen_cloud
from jsobj.identity.settings import Settings
from jsobj.net.connection.proxy import malformed
from jsobj.urls import normalise_endpoint

# They name a login or files, and do not disturb one.
_HARMLESS = frozenset({"OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"})
_OF_A_CREDENTIAL = ("OS_APPLICATION_CREDENTIAL_", "OS_AUTH_", "OS_REGION_", "OS_INTERFACE", "OS_CACERT", "OS_IDENTITY_")
_HARMLESS_AWS = frozenset({"AWS_PROFILE", "AWS_PAGER", "AWS_DEFAULT_OUTPUT"})
_BUNDLES = ("OS_CACERT", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def openstack(case: Case) -> Finding:
    """Leftover ``OS_*`` variables beside another login."""
    names = sorted(n for n in case.settings.environ if n.startswith("OS_") and n not in _HARMLESS)
    choice = chosen_cloud(case.settings, case.scope.cloud)
    evidence = {"login chosen by": choice.reason or "nothing", "variables": ", ".join(names) or "none"}
    if not names:
        return passed("no OS_* variables in the environment", evidence)
    fresh = f"open a fresh terminal, or: unset {' '.join(names)}"
    if choice.name and set(names) - {"OS_CACERT", "OS_REGION_NAME", "OS_INTERFACE"}:
        sentence = (
            f"OS_* variables are set beside cloud '{choice.name}' (chosen by {choice.reason}): jsobj uses the cloud, "
            "the openstack and swift commands may mix the two"
        )
        return warned(sentence, evidence, hint=fresh)
    source = from_environment(case.settings.environ)
    if source is not None and source.notices:
        left = [name for name in names if not name.startswith(_OF_A_CREDENTIAL)]
        return warned(source.notices[0], evidence, hint=f"unset {' '.join(left)}" if left else fresh)
    if source is None and not choice.name and "OS_AUTH_URL" in names:
        sentence = "OS_* variables are there, but too few for a login"
        return warned(sentence, evidence, hint=f"source the RC file; {fresh}")
    return passed("the OS_* variables are the login, and nothing else is", evidence)


def aws(case: Case) -> Finding:
    """``AWS_*`` variables that override the profile."""
    env = case.settings
    names = sorted(n for n in env.environ if n.startswith("AWS_") and n not in _HARMLESS_AWS)
    choice = case.profile_choice()
    evidence = {"profile chosen by": choice.reason or "nothing", "variables": ", ".join(names) or "none"}
    variable = next((n for n in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if env.get(n)), "")
    if variable:
        evidence[variable] = env.get(variable)[:200]
        try:
            endpoint = normalise_endpoint(env.get(variable))
        except JsobjError as error:
            return failed(f"{variable}: {error.message}", evidence, hint=f"unset {variable}")
        if endpoint.swift:
            sentence = f"{variable} is the address of the Swift API and beats the profile's endpoint_url"
            return failed(sentence, evidence, hint=f"export {variable}={endpoint.origin}")
    if env.get("AWS_ACCESS_KEY_ID") and not env.get("AWS_SECRET_ACCESS_KEY"):
        sentence = "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: the AWS tools stop there"
        return failed(sentence, evidence, hint="unset AWS_ACCESS_KEY_ID")
    profile = read_profile(env.aws, choice.name) if choice.name else None
    rivals = _rivals(env, profile, variable) if profile else ()
    if beaten := {name: what for name, beats, what in rivals if beats}:
        first = next(iter(beaten))
        sentence = f"{first} beats profile '{choice.name}' in: {beaten[first]}"
        return warned(sentence, evidence | beaten, hint=f"unset {' '.join(beaten)}")
    return passed("no AWS_* variable beats the profile", evidence)


def _rivals(env: Settings, profile: AwsProfile, endpoint_variable: str) -> Iterator[tuple[str, bool, str]]:
    """(variable, whether it says something else than the profile, what it replaces)."""
    key = "the key (boto3 uses the variable unless the profile is named in the program)"
    yield "AWS_ACCESS_KEY_ID", env.get("AWS_ACCESS_KEY_ID") not in ("", profile.access), key
    endpoint = env.get(endpoint_variable).rstrip("/") if endpoint_variable else ""
    yield endpoint_variable, endpoint not in ("", profile.endpoint_url.rstrip("/")), "endpoint_url"
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        yield variable, env.get(variable) not in ("", profile.region), "region"
    for variable in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        yield variable, bool(env.get(variable)), "the kind of login"
    ignoring = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    yield ignoring, env.get(ignoring).lower() == "true", "endpoint_url: requests go to Amazon"
    for variable in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"):
        yield variable, env.get(variable).lower() == "when_supported", "the checksum settings"


def proxies(case: Case) -> Finding:
    """Proxy variables are addresses of proxies (whether they work is another check)."""
    names = sorted(n for n in case.settings.environ if n.upper().endswith("_PROXY"))
    evidence = {name: _without_password(case.settings.get(name)) for name in names}
    for name in names:
        if name.upper() != "NO_PROXY" and (what := malformed(case.settings.get(name))):
            hint = f"write it like {name}=http://proxy.example.org:3128, or: unset {name}"
            return failed(f"{name} is not the address of a proxy: {what}", evidence, hint=hint)
    return passed(f"{', '.join(names)} set" if names else "no proxy variables", evidence)


def _without_password(url: str) -> str:
    head, mark, rest = url.partition("://")
    return f"{head}{mark}***@{rest.rpartition('@')[2]}" if "@" in rest else url


def bundles(case: Case) -> Finding:
    """Every variable that names certificate authorities names a PEM file that is there."""
    evidence = {name: case.settings.get(name) for name in _BUNDLES if case.settings.get(name)}
    for name, value in evidence.items():
        if what := not_a_bundle(Path(value).expanduser()):
            return failed(f"{name} names {value}, {what}", evidence, hint=f"correct the path, or: unset {name}")
    return passed(f"{', '.join(evidence)} set" if evidence else "the usual certificate authorities", evidence)


def not_a_bundle(path: Path) -> str:
    """Why this cannot be a file of certificate authorities; "" where it can."""
    if path.is_dir():
        return ""  # OpenSSL takes folders too
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"which cannot be read: {error.strerror}"
    return "" if b"-----BEGIN" in data and b"CERTIFICATE-----" in data else "which holds no certificate in PEM form"
