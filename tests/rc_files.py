"""RC files as portals write them: what the tests of the reader and bash as its oracle begin with."""

from __future__ import annotations

import html

SECRET = "OS_APPLICATION_CREDENTIAL_SECRET"
ID = "0123456789abcdef0123456789abcdef"
PASSWORD_RC = r"""#!/usr/bin/env bash
# To use an OpenStack cloud you need to authenticate against the Identity
# service named keystone, which returns a **Token** and **Service Catalog**.
export OS_AUTH_URL=https://cloud.example:5000/v3/
# With the addition of Keystone we've standardized on the term **project**
export OS_PROJECT_ID=fedcba98765432100123456789abcdef
export OS_PROJECT_NAME="demo"
export OS_USER_DOMAIN_NAME="Default"
if [ -z "$OS_USER_DOMAIN_NAME" ]; then unset OS_USER_DOMAIN_NAME; fi
export OS_PROJECT_DOMAIN_ID="default"
if [ -z "$OS_PROJECT_DOMAIN_ID" ]; then unset OS_PROJECT_DOMAIN_ID; fi
# unset v2.0 items in case set
unset OS_TENANT_ID
unset OS_TENANT_NAME
export OS_USERNAME="alice"
# With Keystone you pass the keystone password.
echo "Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: "
read -sr OS_PASSWORD_INPUT
export OS_PASSWORD=$OS_PASSWORD_INPUT
export OS_REGION_NAME=""
# Don't leave a blank variable, unset it if it was empty
if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi
export OS_INTERFACE=public
export OS_IDENTITY_API_VERSION=3"""
QUESTION = "Please enter your OpenStack Password for project demo as user alice: "


def old_horizon(secret: str, region: str = "IU") -> str:
    """Horizon up to 25.x: Django's escaping, no quotes."""
    return f"""#!/usr/bin/env bash

export OS_AUTH_TYPE=v3applicationcredential
export OS_AUTH_URL=https://cloud.example:5000/v3/
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME="{region}"
export OS_INTERFACE=public
export OS_APPLICATION_CREDENTIAL_ID={ID}
export OS_APPLICATION_CREDENTIAL_SECRET={html.escape(secret)}
"""


def filtered(text: str) -> str:
    """Horizon's ``shellfilter``."""
    for char in "\\`$!'\"":
        text = text.replace(char, "\\" + char)
    return text


def new_horizon(secret: str, region: str = "IU") -> str:
    """Horizon from 26.0.0."""
    return f"""#!/usr/bin/env bash

export OS_AUTH_TYPE="v3applicationcredential"
export OS_AUTH_URL="https://cloud.example:5000/v3/"
export OS_IDENTITY_API_VERSION="3"
export OS_REGION_NAME="{filtered(region)}"
export OS_INTERFACE="public"
export OS_APPLICATION_CREDENTIAL_ID="{ID}"
export OS_APPLICATION_CREDENTIAL_SECRET="{filtered(secret)}"
"""
