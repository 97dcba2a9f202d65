"""The world outside, read once.

Here, and in ``cli``, the environment and the home folder are looked at; everything below receives one frozen
:class:`Settings`. Folders follow the XDG Base Directory specification (relative paths in those variables are ignored,
as it demands); the files of other tools are where those tools look for them.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from jsobj.identity.aws_files.profile import AwsFiles
from jsobj.urls import ALLOW_HTTP

# Variables that change what jsobj does. Nothing else of the environment is kept.
_PREFIXES = ("OS_", "AWS_", "JSOBJ_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "GCE_METADATA_", "STORAGE_EMULATOR_")
_NAMES = {"NO_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
JOBS_AT_ONCE = "JSOBJ_JOBS_AT_ONCE"  # how many jobs in the background work at a time
_COMPILED = "JSOBJ_COMPILED"  # 0: digests by hashlib alone
# JSOBJ_SANDBOX is set in the sandbox's shell, JSOBJ_MOUNT for what `jsobj mount --run` runs; the last two steer the
# project's tests.
KNOWN_OWN_VARIABLES = frozenset(
    {ALLOW_HTTP, JOBS_AT_ONCE, _COMPILED, "JSOBJ_SANDBOX", "JSOBJ_MOUNT", "JSOBJ_REQUIRE_RIGS", "JSOBJ_TEST_CACHE"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and what the environment says. ``environ`` may hold secrets and is left out of ``repr``."""

    home: Path
    cwd: Path
    state_dir: Path
    cache_dir: Path
    openstack_dir: Path
    aws: AwsFiles
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from this process's environment, or from ``environ`` as a test's own world.

        The former also decides for the process whether digests may be the compiled helper's.
        """
        env = dict(os.environ if environ is None else environ)
        if environ is None and _COMPILED in env:
            from jsobj.net.md5.choice import allow_compiled  # here: completion reads settings and imports no network

            allow_compiled(env[_COMPILED] != "0")
        home = Path(env.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
        config = _xdg(env, "XDG_CONFIG_HOME", home / ".config")
        aws = AwsFiles(
            credentials=Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials").expanduser(),
            config=Path(env.get("AWS_CONFIG_FILE") or home / ".aws" / "config").expanduser(),
        )
        return cls(
            home=home,
            cwd=_cwd(),
            state_dir=_xdg(env, "XDG_STATE_HOME", home / ".local" / "state") / "jsobj",
            cache_dir=_xdg(env, "XDG_CACHE_HOME", home / ".cache") / "jsobj",
            openstack_dir=config / "openstack",
            aws=aws,
            environ=_kept(env),
        )

    def get(self, name: str) -> str:
        """An environment variable; "" where it is unset."""
        return self.environ.get(name, "")

    @property
    def ca_bundle(self) -> str:
        """The file of certificate authorities that the openstack command would use where a login names none."""
        return self.get("OS_CACERT") or self.get("REQUESTS_CA_BUNDLE") or self.get("CURL_CA_BUNDLE")

    def unknown_own_variables(self) -> tuple[str, ...]:
        """``JSOBJ_*`` variables that mean nothing to jsobj: misspellings to warn of."""
        return tuple(sorted(k for k in self.environ if k.startswith("JSOBJ_") and k not in KNOWN_OWN_VARIABLES))


def process_environment() -> Mapping[str, str]:
    """What :class:`Settings` would keep of this process's environment, for those to whom no settings are handed."""
    return _kept(os.environ)


def _kept(env: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({k: v for k, v in env.items() if k.startswith(_PREFIXES) or k.upper() in _NAMES})


def _xdg(env: Mapping[str, str], name: str, default: Path) -> Path:
    value = Path(env.get(name) or default)
    return value if value.is_absolute() else default


def _cwd() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the folder was deleted under us; only ./clouds.yaml is lost by that
        return Path("/")
