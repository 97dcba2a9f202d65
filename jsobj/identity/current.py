"""Which login, and which AWS profile, a command means: option, then environment, then the default.

The answer carries its reason, so that ``whoami`` and ``doctor`` can say who won.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jsobj.errors import ExitCode, JsobjError, NotLoggedIn
from jsobj.identity import ledger
from jsobj.identity.auth_source import AuthSource, from_environment, refuse_incomplete
from jsobj.identity.clouds_yaml.read import cloud_names, read_cloud
from jsobj.identity.settings import Settings


@dataclass(frozen=True, slots=True)
class Choice:
    """A name and why it was chosen; name "" where nothing chose one."""

    name: str
    reason: str


def current_source(settings: Settings, *, cloud: str = "", profile: str = "") -> AuthSource:
    """The login meant: ``--cloud``, ``--profile``'s own, ``OS_CLOUD``, ``OS_*`` variables, the default or only cloud.

    Raises :class:`JsobjError`: auth where there is none, usage where several are possible.
    """
    chosen = chosen_cloud(settings, cloud, profile)
    if not chosen.name:
        source = from_environment(settings.environ)
        if source is not None:
            return replace(source, ca_bundle=settings.ca_bundle)
        raise _not_logged_in(settings)
    source = read_cloud(settings, chosen.name)
    origins = {**source.origins, "cloud": chosen.reason}
    return replace(source, origins=origins, ca_bundle=settings.ca_bundle)


def chosen_cloud(settings: Settings, cloud: str = "", profile: str = "") -> Choice:
    """The name of the cloud meant; "" where the ``OS_*`` variables themselves are the login, or there is none.

    A ``profile`` that was named means its own cloud: two clouds in one command would be a mixture.
    Raises :class:`JsobjError` (auth) for ``OS_*`` variables that are half a login.
    """
    if cloud:
        return Choice(cloud, "--cloud")
    if linked := cloud_of_profile(settings, profile):
        return Choice(linked, f"--profile {profile}")
    if settings.get("OS_CLOUD"):
        return Choice(settings.get("OS_CLOUD"), "$OS_CLOUD")
    if from_environment(settings.environ) is not None:
        return Choice("", "OS_* variables in the environment")
    refuse_incomplete(settings.environ)
    default = ledger.read(settings).default_cloud
    if default:
        return Choice(default, "the default cloud (jsobj clouds use NAME)")
    names = cloud_names(settings)
    return Choice(names[0], "the only cloud in clouds.yaml") if len(names) == 1 else Choice("", "")


def cloud_of_profile(settings: Settings, profile: str) -> str:
    """The cloud whose AWS profile this is, the default one where several are; "" where none is known."""
    book = ledger.read(settings)
    linked = [record.name for record in book.clouds if record.profile == profile != ""]
    return book.default_cloud if book.default_cloud in linked else next(iter(linked), "")


def chosen_by_environment(settings: Settings) -> bool:
    """Whether the environment alone says which login is meant."""
    return bool(settings.get("OS_CLOUD")) or from_environment(settings.environ) is not None


def chosen_profile(settings: Settings, *, profile: str = "", cloud: str = "") -> Choice:
    """The AWS profile meant: ``--profile``, ``AWS_PROFILE`` (unless ``--cloud`` was typed), then the cloud's own."""
    if profile:
        return Choice(profile, "--profile")
    if not cloud and settings.get("AWS_PROFILE"):
        return Choice(settings.get("AWS_PROFILE"), "$AWS_PROFILE")
    name = chosen_cloud(settings, cloud).name
    linked = ledger.read(settings).cloud(name).profile if name else ""
    return Choice(linked, f"cloud '{name}'") if linked else Choice("", "")


def _not_logged_in(settings: Settings) -> JsobjError:
    names = cloud_names(settings)
    if names:
        sentence = f"there are {len(names)} clouds and none is the default"
        context = f"clouds: {', '.join(names)}"
        hint = f"name one: --cloud {names[0]} (or set OS_CLOUD)"
        return JsobjError("cloud-not-chosen", sentence, code=ExitCode.USAGE, context=context, hint=hint)
    return NotLoggedIn(
        "not logged in to any cloud", hint="download an RC file from the portal and run: jsobj login RCFILE"
    )
