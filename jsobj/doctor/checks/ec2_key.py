"""The EC2 key at Keystone: is it still there, of this project, and are there unused ones?"""

from __future__ import annotations

from datetime import timedelta

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding, failed, passed, skipped, warned
from jsobj.ec2_keys.setup import profiles_with
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity import ledger
from jsobj.identity.keystone.ec2_credentials import Ec2Api, Ec2Key
from jsobj.secret import Secret
from jsobj.units import iso_time

_OLD = timedelta(days=365)
_NEW_KEY = "make another: jsobj ec2-creds --new"


def known(case: Case) -> Finding:
    """The profile's key is one of this user's at Keystone, for this project, with this secret."""
    access = needed(case.access)
    keys = _keys(case)
    if isinstance(keys, Finding):
        return keys
    login, pair = needed(case.keystone).login, access.key
    record = ledger.read(case.settings).key(pair.access)
    evidence = {"key": pair.access, "user": login.user.name, "project": login.project.name}
    found = next((key for key in keys if key.access == pair.access), None)
    if found is None:
        if record is not None and record.user_id == login.user.id:
            return failed(f"the key {pair.access} was deleted at Keystone", evidence, hint=_NEW_KEY)
        sentence = f"the key {pair.access} is not one of user {login.user.name}'s: deleted, or another user's"
        return warned(sentence, evidence, hint=f"if the check of the signature fails, {_NEW_KEY}")
    if found.project_id != login.project.id:
        sentence = f"the key {pair.access} is for another project ({found.project_id}) than the login's"
        hint = "its buckets are not this project's; make a profile for this one: jsobj ec2-creds --profile NAME"
        return failed(sentence, {**evidence, "key's project": found.project_id}, hint=hint)
    if found.secret != Secret(pair.secret.reveal().strip()):
        sentence = f"the secret in {access.where} is not the one that Keystone holds for the key {pair.access}"
        return failed(sentence, evidence, hint="write it again: jsobj ec2-creds --overwrite")
    return _aged(case, record, evidence) or passed(f"Keystone knows the key for project {login.project.name}", evidence)


def _aged(case: Case, record: ledger.KeyRecord | None, evidence: dict[str, str]) -> Finding | None:
    made = iso_time(record.made) if record else None
    if made is None:
        return None
    days = (case.now() - made).days
    evidence["age"] = f"{days} days"
    if case.now() - made > _OLD:
        return warned(f"the key is {days} days old", evidence, hint="replace it: jsobj ec2-creds rotate")
    return None


def unused(case: Case) -> Finding:
    """No key that jsobj made is left over at Keystone."""
    keys = _keys(case)
    if isinstance(keys, Finding):
        return keys
    book = ledger.read(case.settings)
    at_keystone = {key.access for key in keys}
    left = [r.access for r in book.keys if r.access in at_keystone and r.made and _is_over(case, r)]
    mine = [key for key in keys if key.project_id == needed(case.keystone).login.project.id]
    evidence = {"keys of this project": str(len(mine)), "of all projects": str(len(keys))}
    if left:
        sentence = f"{len(left)} key(s) made by jsobj are in no profile any more and still open the project"
        return warned(sentence, {**evidence, "unused": ", ".join(left)}, hint="delete them: jsobj ec2-creds prune")
    return passed("no key of jsobj's is left over", evidence)


def _is_over(case: Case, record: ledger.KeyRecord) -> bool:
    retire = iso_time(record.retire_after)
    if retire is not None:
        return retire <= case.now()
    return not profiles_with(case.settings.aws, record.access) and bool(record.profile)


def _keys(case: Case) -> tuple[Ec2Key, ...] | Finding:
    try:
        return Ec2Api(needed(case.keystone)).list("doctor")
    except JsobjError as error:
        if error.code is ExitCode.REFUSED:
            reason = "Keystone does not let this kind of login list EC2 keys"
            return skipped(reason, hint="log in as a person to see them")
        raise
