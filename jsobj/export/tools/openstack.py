"""The openstack command, openstacksdk and jsobj on another machine: an entry of ``clouds.yaml`` with its secret.

On this machine the login is in such a file already, or in the environment. The entry has the shape that Horizon gives
it.
"""

from __future__ import annotations

from jsobj.export.configuration import CloudEntry, Configuration
from jsobj.export.logins import SwiftLogin


def configure_swift(swift: SwiftLogin) -> Configuration:
    """One entry."""
    source = swift.source
    settings: dict[str, object] = {"auth_type": source.auth_type}
    if source.region:
        settings["region_name"] = source.region
    settings |= {"interface": source.interface, "identity_api_version": 3}
    notes = ["for ~/.config/openstack/clouds.yaml of another machine, mode 0600"]
    if swift.cacert:
        settings["cacert"] = swift.cacert
        notes.append(f"cacert names a file of this machine: put {swift.cacert} there too")
    if not source.verify:
        settings["verify"] = False
    if source.cloud:
        notes.append(f"on this machine 'openstack --os-cloud {source.cloud}' works without it")
    return Configuration(
        (CloudEntry("", swift.name, {**swift.options, **swift.secrets}, settings),),
        f"openstack --os-cloud {swift.name} container list",
        "; ".join(notes),
    )
