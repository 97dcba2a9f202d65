"""A container in Azure's Blob storage: whose login reads it, and whether that works.

Only where az:// is asked about: see :mod:`jsobj.doctor.other_clouds`.
"""

from __future__ import annotations

import secrets
import time
from contextlib import closing
from datetime import datetime, timezone

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.errors import JsobjError, ObjectNotFound
from jsobj.identity.foreign.azure import folder
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.foreign.azure.open import login_for, open_azure
from jsobj.store.foreign.azure.store import AzureStore
from jsobj.store.foreign.azure.verdict import another_sas, sas_ends
from jsobj.store.location import first_of

_SOON = 86400.0  # seconds before the end of a SAS token that are worth a warning


def _store(case: Case) -> AzureStore:
    return open_azure(case.settings, case.foreign)


def login(case: Case) -> Finding:
    """Where the login comes from, and whether it is over."""
    found = login_for(case.settings, case.foreign)
    kind = "an account key" if found.key else "a SAS token" if found.sas else "a token" if found.tokens else "nothing"
    evidence = {"account": found.account, "endpoint": found.endpoint, "from": found.where, "is": kind}
    if found.tokens:
        found.tokens.current()
        evidence["the token ends"] = _moment(found.tokens.ends)
    if found.sas and (ends := sas_ends(found)) is not None:
        evidence["the SAS token ends"] = _moment(ends)
        again = another_sas(found, case.foreign.bucket)
        if ends < time.time():
            return failed(f"the SAS token has ended ({found.where})", evidence, hint=again)
        if ends < time.time() + _SOON:
            return warned(f"the SAS token ends soon ({found.where})", evidence, hint=again)
    if found.anonymous:
        return passed(f"no login was found, so only public data of {found.account} can be read", evidence)
    return passed(f"account {found.account} with {kind} ({found.where})", evidence)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def private(case: Case) -> Finding:
    """Others on this machine could read the Azure CLI's file."""
    file = folder(case.settings) / "config"
    try:
        mode = file.stat().st_mode & 0o777
        holds = any(word in file.read_text(errors="replace") for word in ("key", "sas_token", "connection_string"))
    except OSError:
        return passed(f"there is no {file}")
    if holds and mode & 0o077:
        return warned(f"others can read {file} (mode {mode:03o})", hint=f"chmod 600 {file}")
    return passed(f"{file} is private or has no key in it")


def listing(case: Case) -> Finding:
    """Whether the container can be listed."""
    with closing(_store(case)) as store:
        first = first_of(store.list(delimiter="/"))
    evidence = {"first name": first.key if first else "none: it is empty"}
    return passed(f"container {case.foreign.bucket} can be listed", evidence)


def writing(case: Case) -> Finding:
    """A blob of a name that nobody else has is written, read and deleted."""
    key, data = f"jsobj-doctor-{secrets.token_hex(8)}", secrets.token_bytes(1000)
    with closing(_store(case)) as store:
        case.undo.callback(_removed, case, key)
        store.put(key, BytesSource(data))
        sink = BytesSink()
        info = store.get(key, sink).info
        store.delete(key)
        try:
            store.head(key)
        except ObjectNotFound:
            pass
        else:
            return failed("a blob that was deleted is still there", {"blob": key}, hint="look whether versions are on")
    if bytes(sink.data) != data:
        return failed("a blob is read with other bytes than were written", {"blob": key}, hint="try another network")
    return passed("a blob was written, read and deleted", {"its MD5": info.md5 or "none"})


def _removed(case: Case, key: str) -> None:
    """After a check that broke off; the one that ended has nothing left."""
    try:
        with closing(_store(case)) as store:
            store.delete(key)
    except JsobjError:
        return
