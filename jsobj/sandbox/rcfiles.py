"""The files that a portal (Horizon) would let the users of the sandbox download.

Their shape follows Horizon's templates, faults included, since reading such files is what jsobj must be good at: order
of the lines, quoting, no final newline. Pure text; the caller writes them.
"""

from __future__ import annotations

from jsobj.sandbox.population import MEMBERS
from jsobj.sandbox.record import SandboxRecord

_ESCAPED = str.maketrans({character: "\\" + character for character in "\\`$!'\""})


def files(record: SandboxRecord) -> dict[str, tuple[str, str]]:
    """Role to (file name, content) of every file."""
    found = {}
    for user, suffix in (("alice", ""), ("rita", "-reader"), ("otto", "-other")):
        openrc = "openrc-password.sh" if user == "alice" else f"openrc{suffix}.sh"
        found[openrc.removesuffix(".sh")] = (openrc, password_rc(record, user))
        found[f"password{suffix}"] = (f"password{suffix}", record.passwords[user] + "\n")
    for name in record.app_credentials:
        found[f"app-cred-{name}"] = (f"app-cred-{name}-openrc.sh", app_credential_rc(record, name))
    found["clouds"] = ("clouds.yaml", clouds_yaml(record))
    return found


def names(record: SandboxRecord) -> dict[str, str]:
    """Role to file name."""
    return {role: name for role, (name, _) in files(record).items()}


def password_rc(record: SandboxRecord, user: str) -> str:
    """``<project>-openrc.sh``: it asks for the password and does not contain it."""
    project = MEMBERS[user][0]
    return f"""\
#!/usr/bin/env bash
# Credentials of the sandbox for the Identity service (keystone), API version 3.
export OS_AUTH_URL={record.auth_url}
# The project owns the resources.
export OS_PROJECT_ID={record.projects[project]}
export OS_PROJECT_NAME="{quoted(project)}"
export OS_USER_DOMAIN_NAME="Default"
if [ -z "$OS_USER_DOMAIN_NAME" ]; then unset OS_USER_DOMAIN_NAME; fi
export OS_PROJECT_DOMAIN_ID="default"
if [ -z "$OS_PROJECT_DOMAIN_ID" ]; then unset OS_PROJECT_DOMAIN_ID; fi
# unset v2.0 items in case set
unset OS_TENANT_ID
unset OS_TENANT_NAME
# The user acts.
export OS_USERNAME="{quoted(user)}"
# The password is asked for.
echo "Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=$OS_PASSWORD_INPUT
# The region, where there are several.
export OS_REGION_NAME="{quoted(record.location)}"
if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi
export OS_INTERFACE=public
export OS_IDENTITY_API_VERSION=3"""


def app_credential_rc(record: SandboxRecord, name: str) -> str:
    """``app-cred-<name>-openrc.sh``, quoted as Horizon 26 and later do."""
    identifier, secret = record.app_credentials[name]
    return f"""\
#!/usr/bin/env bash

export OS_AUTH_TYPE=v3applicationcredential
export OS_AUTH_URL="{quoted(record.auth_url)}"
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME="{quoted(record.location)}"
export OS_INTERFACE="public"
export OS_APPLICATION_CREDENTIAL_ID="{quoted(identifier)}"
export OS_APPLICATION_CREDENTIAL_SECRET="{quoted(secret)}"
"""


def clouds_yaml(record: SandboxRecord) -> str:
    """One cloud as the API access page gives it (no password, no project's domain), two with app credentials."""
    common = f"""\
    region_name: "{record.location}"
    interface: "public"
    identity_api_version: 3
"""
    text = f"""\
# This is a clouds.yaml file, which can be used by OpenStack tools.
clouds:
  sandbox:
    auth:
      auth_url: {record.auth_url}
      username: "alice"
      project_id: {record.projects["demo"]}
      project_name: "demo"
      user_domain_name: "Default"
{common}"""
    for name in ("restricted", "unrestricted"):
        identifier, secret = record.app_credentials[name]
        text += f"""\
  sandbox-{name}:
    auth:
      auth_url: {record.auth_url}
      application_credential_id: "{identifier}"
      application_credential_secret: "{secret}"
{common}    auth_type: "v3applicationcredential"
"""
    return text


def quoted(text: str) -> str:
    r"""Text for double quotes as Horizon 26 and later escape it: also ``'`` and ``!``, where bash keeps the ``\``."""
    return text.translate(_ESCAPED)
