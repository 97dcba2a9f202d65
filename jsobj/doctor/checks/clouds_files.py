"""clouds.yaml, secure.yaml, RC files in the usual places, and jsobj's own ledger."""

from __future__ import annotations

from pathlib import Path

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.doctor.checks.aws_files import holds, judge_privacy
from jsobj.errors import JsobjError
from jsobj.identity import ledger
from jsobj.identity.clouds_yaml.read import cloud_names, names_in, own_files, read_from, readable_files
from jsobj.identity.current import chosen_cloud
from jsobj.identity.rc import file as rcfile
from jsobj.net.md5.streams import engine

_SECRETS = (b"password:", b"_secret:", b"token:", b"passcode:")
_RC_LIMIT = 20  # files
_RC_PATTERNS = ("*openrc*.sh", "*openrc", "app-cred-*.sh")


def own_ledger(case: Case) -> Finding:
    """jsobj's own state file can be read. Evidence beside it: what makes digests here."""
    book = ledger.read(case.settings)  # raises an error that names the file
    facts = {"file": str(ledger.ledger_path(case.settings)), "digests": engine()}
    return passed(f"{len(book.clouds)} cloud(s) and {len(book.keys)} key(s) known", facts)


def readable(case: Case) -> Finding:
    """clouds.yaml is YAML with a ``clouds:`` mapping, and says which file won."""
    found = readable_files(case.settings)
    names = cloud_names(case.settings)  # raises with file and line
    if not found:
        return passed("there is no clouds.yaml")
    evidence = {"read": str(found[0].clouds), "clouds": ", ".join(names)}
    if len(found) > 1:
        evidence["hidden by it"] = ", ".join(str(files.clouds) for files in found[1:])
        if hidden := [name for name in names if name not in names_in(found[0].clouds)]:
            sentence = f"the openstack command reads only {found[0].clouds} and does not see: {', '.join(hidden)}"
            hint = f"work in another folder, or set OS_CLIENT_CONFIG_FILE={found[1].clouds}"
            return warned(sentence, evidence, hint=hint)
    return passed(f"{len(names)} cloud(s); {found[0].clouds} is read", evidence)


def private(case: Case) -> Finding:
    """clouds.yaml and secure.yaml with secrets in them are readable by their owner only."""
    own = own_files(case.settings)
    paths = {p: None for files in (own, *readable_files(case.settings)) for p in (files.clouds, files.secure) if p}
    return judge_privacy([path for path in paths if path.is_file() and holds(path, *_SECRETS)])


def entry(case: Case) -> Finding:
    """The cloud in use checks certificates and has a kind of login that exists."""
    name = chosen_cloud(case.settings, case.scope.cloud).name
    files = next((f for f in readable_files(case.settings) if name and name in names_in(f.clouds)), None)
    if files is None:
        return passed("no cloud of clouds.yaml is in use")
    source = read_from(files, name)
    evidence = {"cloud": name, "file": str(files.clouds), "auth_type": source.auth_type, "keystone": source.auth_url}
    squeezed = source.auth_type.replace("_", "").lower()
    if squeezed == "v3applicationcredential" and source.auth_type != squeezed:
        sentence = f"{files.clouds}: cloud '{name}' says auth_type {source.auth_type}, which does not exist"
        return failed(sentence, evidence, hint="write: auth_type: v3applicationcredential")
    if not source.auth_url:
        sentence = f"{files.clouds}: cloud '{name}' names no auth_url"
        return failed(sentence, evidence, hint="download the file again from the portal, then: jsobj login RCFILE")
    if not source.verify:
        sentence = f"{files.clouds}: cloud '{name}' says verify: false, so anyone on the way can take the password"
        hint = "remove that line; for a private authority write cacert: /path/to/ca.pem"
        return warned(sentence, evidence, hint=hint)
    return passed(f"cloud '{name}' is written as it should be", evidence)


def rc_files(case: Case) -> Finding:
    """RC files in the usual places are whole, private, and quoted as a shell reads them."""
    settings = case.settings
    places = dict.fromkeys((settings.cwd, settings.home, settings.home / "Downloads"))
    matches = (path for folder in places for pattern in _RC_PATTERNS for path in sorted(folder.glob(pattern)))
    paths = [path for path in dict.fromkeys(matches) if path.is_file()][:_RC_LIMIT]
    if problems := {str(path): what for path in paths if (what := _damage(path))}:
        first, what = next(iter(problems.items()))
        hint = "jsobj login reads such a file as it was meant; for the shell, download it again from the portal"
        return warned(what if first in what else f"{first}: {what}", problems, hint=hint)
    return passed(f"{len(paths)} RC file(s) in the usual places, none damaged")


def _damage(path: Path) -> str:
    try:
        return "; ".join(rcfile.read(path).notices)
    except JsobjError as error:
        return error.message
