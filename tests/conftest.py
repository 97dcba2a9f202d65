"""Fixtures for all tests, and the warnings of other people's code that are not ours to mend."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from jsobj.net.md5.choice import allow_compiled

pytest_plugins = [
    "fixtures_cloud",
    "fixtures_rgw",
    "fixtures_tls",
    "fixtures_places",
    "fixtures_emulators",
    "fixtures_web",
]

# How long an example takes says nothing on a machine that does other work; what fails once fails again.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady")

FOREIGN_WARNINGS = (
    # webob (it comes with Keystone, and keystoneauth1 then imports it) on Python 3.11 and 3.12.
    "ignore:'cgi' is deprecated:DeprecationWarning",
    # openstacksdk: a notice to its own maintainers about an option that nobody here sets.
    "ignore:Support for InfluxDB:Warning",
)


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors, except these. Ctrl-C works in children, also where this was started in the background.

    JSOBJ_COMPILED=0 holds for what tests call directly, too.
    """
    # A shell starts background jobs with SIGINT ignored, and ignored signals stay so in every child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    allow_compiled(os.environ.get("JSOBJ_COMPILED") != "0")
    for line in FOREIGN_WARNINGS:
        config.addinivalue_line("filterwarnings", line)
