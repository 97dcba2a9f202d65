"""Clouds that jsobj knows by name: only facts that they publish themselves; the rest comes from Keystone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Preset:
    """What need not be typed for a known cloud."""

    name: str
    auth_url: str
    region: str
    advice: str


PRESETS = (
    Preset(
        name="jetstream2",
        auth_url="https://js2.jetstream-cloud.org:5000/v3/",
        region="IU",
        advice="Jetstream2 logs in through ACCESS, so passwords do not work here: make an application credential in "
        "Horizon (Identity > Application Credentials), one per allocation, and give its ID and secret.",
    ),
    Preset(name="allas", auth_url="https://pouta.csc.fi:5001/v3", region="regionOne", advice=""),
    Preset(name="nectar", auth_url="https://keystone.rc.nectar.org.au:5000/v3", region="", advice=""),
)


def preset_named(name: str) -> Preset | None:
    """The preset of that name, or None."""
    return next((preset for preset in PRESETS if preset.name == name), None)


def preset_of(auth_url: str) -> Preset | None:
    """The known cloud whose Keystone has this host, or None."""
    host = urlsplit(auth_url).hostname
    return next((preset for preset in PRESETS if urlsplit(preset.auth_url).hostname == host), None)
