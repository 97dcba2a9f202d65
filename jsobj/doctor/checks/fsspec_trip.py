"""An object through fsspec and ``swift://``, the way of pandas, xarray and dask where there is nothing but a login."""

from __future__ import annotations

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, failed, passed, warned
from jsobj.doctor.child import ask_program

_OURS = "jsobj"  # the package whose filesystem is to answer
_AGAIN = "install jsobj again in this Python: python -m pip install --force-reinstall jsobj"


def trip(case: Case) -> Finding:
    """Write, list, read, read a range and delete; and whose filesystem answers ``swift://``.

    The program gets the cloud's name, and no secret: like a user's own, it finds the login by itself.
    """
    scratch, source = case.swift_scratch, case.source
    assert scratch is not None, "needs 'swift-round-trip'"
    assert source is not None, "needs 'login'"
    path = f"{scratch.name}/{scratch.key('fsspec')}"
    with scratch.working():
        answer = ask_program("fsspec_trip", {"cloud": source.cloud, "path": path})
    owner = str(answer.get("owner", ""))
    with_what = f"cloud '{source.cloud}'" if source.cloud else source.where
    evidence = {"path": f"swift://{path}", "with": with_what, "swift:// belongs to": owner or "nobody"}
    if "failed" in answer:
        hint = f"see whether jsobj itself can: jsobj ls swift://{scratch.name}" if owner else _AGAIN
        return failed(f"fsspec fails where swiftclient works: {answer['failed']}", evidence, hint=hint)
    if not answer["same"] or not answer["listed"] or not answer["gone"]:
        what = "gives other bytes back" if not answer["same"] else "does not list what was written or deleted"
        return failed(f"fsspec's filesystem for swift:// {what}", evidence, hint=_AGAIN)
    if owner != _OURS:
        sentence = f"swift:// is answered by the package {owner}, which knows nothing of jsobj's logins"
        hint = f"write jsobj+swift:// instead of swift://, or: python -m pip uninstall {owner}"
        return warned(sentence, evidence, hint=hint)
    losers = [name for name in answer["claimed"] if name != owner]
    note = f", where {owner} comes before {', '.join(losers)}" if losers else ""
    return passed(f"fsspec {answer['version']} writes, lists, reads and deletes at swift://{note}", evidence)
