"""The configuration files of Keystone and of Swift's four servers, as text.

Pure: it writes nothing. All paths are relative to the service's folder, because neither format can quote every
character that a folder's name may have.
"""

from __future__ import annotations

from collections.abc import Mapping

# For which Swift caches Keystone's answers about tokens and EC2 keys. Clouds use 60 to 300; a short time keeps tests of
# revoked keys short, and still saves most of the calls.
CACHE_SECONDS = 5

PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl ratelimit authtoken s3api "
    "s3token keystoneauth staticweb copy container-quotas account-quotas slo dlo versioned_writes symlink "
    "proxy-logging proxy-server"
)

# Filters that :func:`proxy_conf` spells out; the others need no options.
CONFIGURED = {
    *("cache", "proxy-logging", "ratelimit", "versioned_writes", "authtoken", "s3api", "s3token", "keystoneauth"),
    "proxy-server",
}


def keystone_conf(token_seconds: int) -> str:
    """``keystone.conf``: the defaults of the release, with cheap password hashes, since its users are not secret.

    The cache replaces the memcached of a real cloud (a token takes 15 ms instead of 100). It must pickle, as memcached
    does: Keystone changes what it gets. Tokens are not cached, since this cache never expires.
    """
    return f"""\
[DEFAULT]
use_stderr = true
default_log_levels = stevedore=CRITICAL,keystone.common.password_hashing=ERROR
[database]
connection = sqlite:///keystone.db
[cache]
enabled = true
backend = dogpile.cache.memory_pickle
[token]
caching = false
expiration = {token_seconds}
[fernet_tokens]
key_repository = fernet-keys
[credential]
key_repository = credential-keys
[identity]
password_hash_rounds = 4
"""


def swift_conf(hash_suffix: str) -> str:
    """``swift.conf``. The suffix must never change: the objects' places depend on it."""
    return f"""\
[swift-hash]
swift_hash_path_suffix = {hash_suffix}
[storage-policy:0]
name = one
default = yes
"""


def storage_conf(role: str, port: int) -> str:
    """``account.conf``, ``container.conf`` or ``object.conf``."""
    return f"""\
[DEFAULT]
{_common(port)}
[pipeline:main]
pipeline = healthcheck {role}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:{role}-server]
use = egg:swift#{role}
log_requests = false
"""


def proxy_conf(ports: Mapping[str, int], location: str, service_password: str) -> str:
    """``proxy.conf``: the whole pipeline of a cloud that speaks Swift and S3 with Keystone."""
    keystone = f"http://127.0.0.1:{ports['keystone']}/v3"
    service = f"""\
auth_type = password
auth_url = {keystone}
username = swift
password = {service_password}
project_name = service
user_domain_id = default
project_domain_id = default"""
    plain = "\n".join(
        f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}"
        for name in dict.fromkeys(PIPELINE.split())
        if name not in CONFIGURED
    )
    return f"""\
[DEFAULT]
{_common(ports["proxy"])}
expose_info = true
[pipeline:main]
pipeline = {PIPELINE}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = false
{plain}
[filter:cache]
use = egg:swift#memcache
[filter:proxy-logging]
use = egg:swift#proxy_logging
reveal_sensitive_prefix = 0
[filter:ratelimit]
use = egg:swift#ratelimit
account_ratelimit = 0
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {keystone}
{service}
delay_auth_decision = true
include_service_catalog = false
token_cache_time = {CACHE_SECONDS}
[filter:s3api]
use = egg:swift#s3api
location = {location}
[filter:s3token]
use = egg:swift#s3token
auth_uri = {keystone}
{service}
delay_auth_decision = true
secret_cache_duration = {CACHE_SECONDS}
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
project_reader_roles = reader
"""


def _common(port: int) -> str:
    return f"""\
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = .
devices = devices
mount_check = false
disable_fallocate = true
workers = 0
log_level = INFO
log_address = no-system-log
# On a busy disk a second (the default) is not enough for the entry in a listing, which nothing makes up for later.
container_update_timeout = 30
node_timeout = 60
conn_timeout = 10
"""
