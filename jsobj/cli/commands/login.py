"""``jsobj login``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import secret_question, show_warnings
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError, LoginRefused
from jsobj.identity.command_hints import same_login
from jsobj.secret import Secret

if TYPE_CHECKING:
    from jsobj.identity.auth_source import AuthSource
    from jsobj.identity.keystone.client import Keystone

_ID = re.compile("[0-9a-f]{32}")  # of an application credential
_TRIES = 3  # of a secret that is typed
_BY_SECRET = frozenset({"password", "v3password", "v3totp", "v3token", "token"})


@command("login")
@click.argument("rcfile", required=False, metavar="[RCFILE]", type=click.Path())
@click.option("--as", "name", metavar="NAME", default="", help="Name to store the login under.")
@click.option("--region", metavar="NAME", default="", help="Region, where the cloud has several.")
@click.option("--preset", metavar="NAME", default="", help="Known cloud to log in to, such as jetstream2.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--secret-stdin", is_flag=True, help="Read the credential's secret from standard input.")
@click.option("--browser", is_flag=True, help="Log in through the browser (federated clouds).")
@click.option(
    "--identity-provider", metavar="NAME", default="", help="With --browser: the provider's name at Keystone."
)
@click.option("--protocol", metavar="NAME", default="", help="With --browser: openid (default), saml2, mapped ...")
@click.option("--set-default", is_flag=True, help="Use this cloud when none is named.")
@click.option("--overwrite", is_flag=True, help="Replace another login of the same name.")
@click.option("--force", is_flag=True, help="Read an RC file that another user owns.")
def login(world: World, rcfile: str | None, **options: Any) -> None:
    """Log in to a cloud with a file from its portal.

    RCFILE is an RC file (NAME-openrc.sh) or a clouds.yaml. It is read as text and never executed. Without RCFILE the
    login comes from --cloud NAME in clouds.yaml, from OS_* variables, or from your answers. The login is tried, then
    stored in clouds.yaml and secure.yaml, where the openstack command finds it too. The file of certificate authorities
    that OS_CACERT names is kept for the cloud.

    \b
    Examples:
      jsobj login app-cred-mine-openrc.sh
      jsobj login openrc.sh --password-stdin < password-file
      jsobj login --preset jetstream2
    """
    from jsobj.cli.views.login import S3Keys, login_record, next_steps
    from jsobj.identity import ledger
    from jsobj.identity.clouds_yaml.save_login import check_name, store, suggest_name
    from jsobj.identity.keystone.app_credentials import AppCredentials, Expiry
    from jsobj.identity.keystone.auth_url import check_auth_url
    from jsobj.identity.keystone.browser import as_token_source
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.keystone.key_permission import probe
    from jsobj.identity.ledger import CloudRecord
    from jsobj.urls import require_secure

    if options["password_stdin"] and options["secret_stdin"]:
        raise BadUsage("--password-stdin and --secret-stdin exclude each other")
    source = _source(world, rcfile, options)
    require_secure(check_auth_url(source.auth_url), world.settings.environ, "Keystone address")
    show_warnings(world, source)
    source = _trusting(world, _with_secret(world, source, options))
    world.out.detail(f"asking {source.auth_url} for a token ({source.auth_type})")
    keystone = _logged_in(world, source)
    if options["browser"]:
        keystone = Keystone(as_token_source(keystone))
    name = check_name(options["name"] or source.cloud or suggest_name(keystone))
    expiry = Expiry(keystone.login.token_expires) if options["browser"] else AppCredentials(keystone).expiry()
    permission = probe(keystone)
    stored = store(world.settings, keystone, name, overwrite=options["overwrite"])
    for change in stored.changes:
        for notice in change.notices:
            world.out.note(notice)

    def remember(book: ledger.Ledger) -> ledger.Ledger:
        project, known = keystone.login.project, book.cloud(name)
        profile = known.profile if known.project_id == project.id else ""
        end = expiry.end.isoformat() if expiry.end else ""
        record = CloudRecord(name, profile, project.id, project.name, end, source.where, permission.value)
        default = name if options["set_default"] or not book.default_cloud else book.default_cloud
        return replace(book.with_cloud(record), default_cloud=default)

    book = ledger.update(world.settings, remember)
    is_default = book.default_cloud == name
    at = "" if is_default else same_login(cloud=name)
    keys = S3Keys(permission, _profile_with_key(world, book.cloud(name).profile), at=at)
    path = str(stored.files.clouds)
    world.out.show(login_record("jsobj.login/1", keystone.login, name, expiry, keys, world.now(), {"stored_in": path}))
    world.out.note(f"Stored as cloud '{name}'{' (the default)' if is_default else ''} in {path}.")
    if keystone.source.secrets:
        world.out.note(f"What proves it (password or secret) is in {stored.files.secure}, for you alone.")
    world.out.note(next_steps(keys, keystone.login))


def _logged_in(world: World, source: AuthSource) -> Keystone:
    """The login; what was typed may be typed again where Keystone refuses it."""
    from jsobj.identity.auth_source import secret_option
    from jsobj.identity.keystone.client import Keystone

    option = secret_option(source)
    for _ in range(_TRIES - 1 if source.origins.get(option) == "typed" else 0):
        try:
            return Keystone(source)
        except LoginRefused as error:
            world.out.warn(f"{error.message}; once more, or Ctrl-C")
            source = source.with_secret(option, _asked(world, source), "typed")
    return Keystone(source)


def _trusting(world: World, source: AuthSource) -> AuthSource:
    """With the certificate authorities of the environment. Only OS_CACERT is about this cloud, and is stored."""
    own = world.settings.get("OS_CACERT")
    cacert = source.cacert or (str(Path(own).absolute()) if own else "")
    return replace(source, cacert=cacert, ca_bundle=world.settings.ca_bundle)


def _source(world: World, rcfile: str | None, options: dict[str, Any]) -> AuthSource:
    """The login that is named by a file, a cloud or the environment; else the answers of a person."""
    named = _named_source(world, rcfile, options)
    if options["browser"]:
        return _for_browser(world, named or _browser_answers(world, options), options)
    return named or _answers(world, options)


def _named_source(world: World, rcfile: str | None, options: dict[str, Any]) -> AuthSource | None:
    from jsobj.identity.auth_source import from_environment, from_rc, refuse_incomplete
    from jsobj.identity.clouds_yaml.read import read_cloud
    from jsobj.identity.rc.file import read

    region, cloud = options["region"], world.cloud or world.settings.get("OS_CLOUD")
    if rcfile and rcfile.lower().endswith((".yaml", ".yml", ".json")):
        return _from_clouds_file(world, Path(rcfile), region)
    if rcfile and rcfile.startswith("-"):
        raise BadUsage(f"'{rcfile}' is no option of login", hint="jsobj login --help")
    source = None
    if rcfile:
        source = from_rc(read(Path(rcfile), force=options["force"]))
    elif cloud:
        return read_cloud(world.settings, cloud, region=region)
    elif not options["preset"]:
        refuse_incomplete(world.settings.environ)
        source = from_environment(world.settings.environ)
    return source and replace(source, region=region or source.region)


def _from_clouds_file(world: World, path: Path, region: str) -> AuthSource:
    from jsobj.identity.clouds_yaml.read import CloudsFiles, names_in, read_from

    names = names_in(path)
    if not world.cloud and len(names) != 1:
        raise JsobjError(
            "cloud-not-chosen",
            f"{path} has {len(names)} clouds: {', '.join(names)}",
            code=ExitCode.USAGE,
            hint=f"name one: --cloud {names[0] if names else 'NAME'}",
        )
    name = world.cloud or names[0]
    if name not in names:
        found = f"clouds found: {', '.join(names)}"
        raise JsobjError("cloud-not-found", f"{path} has no cloud '{name}'", code=ExitCode.NOT_FOUND, context=found)
    secure = path.with_name("secure.yaml")
    source = read_from(CloudsFiles(path, secure if secure.is_file() else None), name, region=region)
    # Horizon calls every cloud "openstack": no name worth keeping.
    return replace(source, cloud="" if name == "openstack" else name)


def _answers(world: World, options: dict[str, Any]) -> AuthSource:
    """A login by application credential or password, for a preset or any Keystone."""
    from jsobj.identity.auth_source import APPLICATION_CREDENTIAL, AuthSource
    from jsobj.identity.presets import PRESETS, preset_named

    instead = "an RC file: jsobj login RCFILE"
    known = ", ".join(preset.name for preset in PRESETS)
    preset, url = preset_named(options["preset"]), ""
    if options["preset"] and preset is None:
        unknown = f"there is no preset '{options['preset']}'"
        raise JsobjError("preset-unknown", unknown, code=ExitCode.USAGE, hint=f"known: {known}")
    if preset is None:
        url = world.ask(f"Cloud ({known}), or its Keystone URL", option=instead)
        preset = preset_named(url)
    if preset is not None and preset.advice:
        world.out.note(preset.advice)
    identity = world.ask("Application credential ID, or your user name (login by password)", option=instead).strip()
    if _ID.fullmatch(identity):
        auth_type, who = APPLICATION_CREDENTIAL, {"application_credential_id": identity}
    else:
        auth_type, who = "password", {"username": identity, **_project_answers(world, instead)}
    auth = {"auth_url": (preset.auth_url if preset else url).strip(), **who}
    origins = {**dict.fromkeys(auth, "typed"), "auth_url": f"preset {preset.name}" if preset else "typed"}
    region = options["region"] or (preset.region if preset else "")
    return AuthSource("prompts", "your answers", auth_type, auth, {}, origins, region=region)


def _project_answers(world: World, instead: str) -> dict[str, str]:
    """What a login by password needs beside the user's name."""
    project = world.ask("Project name", option=instead).strip()
    domain = world.ask("Domain of the user", option=instead, default="Default").strip()
    its = domain if domain == "Default" else world.ask("Domain of the project", option=instead, default=domain).strip()
    return {"project_name": project, "user_domain_name": domain, "project_domain_name": its}


def _for_browser(world: World, base: AuthSource, options: dict[str, Any]) -> AuthSource:
    """A login through the browser, with the Keystone and the project of ``base``."""
    from jsobj.identity import ledger
    from jsobj.identity.keystone.browser import browser_source

    # An application credential names no project; the ledger has the one that its login showed.
    project_id = ledger.read(world.settings).cloud(base.cloud).project_id if base.cloud else ""
    wanted = {"provider": options["identity_provider"], "protocol": options["protocol"]}
    return replace(browser_source(base, project_id=project_id, **wanted), cloud="")


def _browser_answers(world: World, options: dict[str, Any]) -> AuthSource:
    from jsobj.identity.auth_source import AuthSource
    from jsobj.identity.presets import preset_named

    instead = "an RC file: jsobj login RCFILE --browser"
    preset = preset_named(options["preset"])
    auth = {
        "auth_url": preset.auth_url if preset else world.ask("Keystone URL", option=instead),
        "project_name": world.ask("Project name", option=instead),
        "project_domain_name": "Default",
    }
    region = options["region"] or (preset.region if preset else "")
    return AuthSource("prompts", "your answers", "v3websso", auth, {}, {"auth_url": "typed"}, region=region)


def _with_secret(world: World, source: AuthSource, options: dict[str, Any]) -> AuthSource:
    """The secret from standard input, from the file, or from a person, in this order."""
    from jsobj.identity.auth_source import secret_option

    option = secret_option(source)
    words = option.replace("_", " ")
    flag, wrong = _stdin_flags(option)
    if options["secret_stdin" if wrong == "--secret-stdin" else "password_stdin"]:
        raise BadUsage(f"{source.where} is a login by {words}, which {wrong} does not give", hint=f"use {flag}")
    if options["password_stdin"] or options["secret_stdin"]:
        return source.with_secret(option, world.secret_from_stdin(words), "standard input")
    needed = source.is_application_credential or source.auth_type in _BY_SECRET
    if source.secrets.get(option) or not needed:
        return source
    return source.with_secret(option, _asked(world, source), "typed")


def _stdin_flags(option: str) -> tuple[str, str]:
    """The option by which this secret comes on standard input, and the other one."""
    flags = ("--secret-stdin", "--password-stdin")
    return flags if option == "application_credential_secret" else (flags[1], flags[0])


def _asked(world: World, source: AuthSource) -> Secret:
    """The secret from a person; the prompt names the user and the cloud."""
    from jsobj.identity.auth_source import secret_option

    option, auth = secret_option(source), source.auth
    if option == "application_credential_secret":
        question = secret_question("Application credential secret", source)
    else:
        user = auth.get("username") or auth.get("user_id") or "the user"
        project = auth.get("project_name") or auth.get("project_id") or ""
        question = secret_question(f"OpenStack password of {user}", source, str(project))
    return Secret(world.ask(question, option=_stdin_flags(option)[0], secret=True))


def _profile_with_key(world: World, name: str) -> str:
    """``name`` where the AWS profile holds a key; else ""."""
    from jsobj.identity.aws_files.profile import read_profile

    found = read_profile(world.settings.aws, name) if name else None
    return name if found is not None and found.access else ""
