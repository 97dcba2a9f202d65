"""Which login and which profile are in use, and what chose them."""

from __future__ import annotations

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, skipped
from jsobj.errors import NotLoggedIn
from jsobj.identity.command_hints import same_login
from jsobj.identity.current import chosen_by_environment, current_source
from jsobj.identity.keystone.auth_url import check_auth_url
from jsobj.identity.keystone.key_permission import KeyPermission, known
from jsobj.store.access import s3_access

_S3_INSTEAD = "the road with S3 keys is tested instead"
_SWIFT_INSTEAD = "the Swift API is tested instead"


def login(case: Case) -> Finding:
    """There is a login, and its address is one; says which won."""
    if case.scope.from_env and not chosen_by_environment(case.settings):
        if case.settings.get("AWS_ACCESS_KEY_ID") or case.settings.get("AWS_PROFILE"):
            return skipped(f"the environment names no login: {_S3_INSTEAD}")
        hint = "set OS_CLOUD, or OS_AUTH_URL with OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET"
        return failed("the environment names no login", {"variables": "OS_CLOUD, OS_*"}, hint=hint)
    try:
        source = current_source(case.settings, cloud=case.scope.cloud)
    except NotLoggedIn:
        if case.profile_choice().name or case.settings.get("AWS_ACCESS_KEY_ID"):
            return skipped(f"no login: {_S3_INSTEAD}")
        raise
    check_auth_url(source.auth_url)  # plain http is judged by the check of TLS
    case.source = source
    evidence = {
        "chosen by": source.origins.get("cloud", source.where),
        "read from": source.where,
        "kind": source.auth_type,
        "keystone": source.auth_url,
    }
    name = f"cloud '{source.cloud}'" if source.cloud else source.where
    if not source.secrets:
        sentence = f"{name} holds no password and no secret"
        return failed(sentence, evidence, hint=f"log in again: {login_command(source.cloud)}")
    return passed(f"{name}, chosen by {evidence['chosen by']}", evidence)


def login_command(cloud: str) -> str:
    """The command that replaces the login stored under this name."""
    return f"jsobj login RCFILE{same_login(cloud=cloud).replace('--cloud', '--as')} --overwrite"


def profile(case: Case) -> Finding:
    """There are S3 keys with an endpoint; says which won."""
    if case.scope.from_env and not (case.settings.get("AWS_ACCESS_KEY_ID") or case.settings.get("AWS_PROFILE")):
        return _no_keys(case, "the environment names no S3 keys")
    access = s3_access(case.settings, profile=case.scope.profile, cloud=case.scope.cloud)
    if access is None:
        return _no_keys(case, "no S3 keys")
    case.access = access
    choice = case.profile_choice()
    evidence = {
        "chosen by": choice.reason or access.where,
        "key": access.key.access,
        "endpoint": str(access.origin),
        "region": access.region,
        "addressing": access.addressing_style,
        "checksums": access.checksums,
    }
    if access.origin.host.endswith(".amazonaws.com"):
        sentence = f"{access.where} is for Amazon S3 ({access.origin}), not for an OpenStack cloud"
        return failed(sentence, evidence, hint="choose another profile: --profile NAME; or make one: jsobj ec2-creds")
    return passed(f"{access.where}, key {access.key.access} at {access.origin}", evidence)


def _no_keys(case: Case, reason: str) -> Finding:
    """Not a failure: everything works without keys. A login that may be refused keys gets no hint to make some."""
    source = case.source
    if source is None:
        return skipped(reason)
    permission = known(case.settings, source.cloud)
    may = permission is KeyPermission.ALLOWED or not (permission.value or source.is_application_credential)
    hint = "for programs that speak S3 only: jsobj ec2-creds" if may else "what works without keys: jsobj help keyless"
    return skipped(f"{reason}: {_SWIFT_INSTEAD}", hint=hint)
