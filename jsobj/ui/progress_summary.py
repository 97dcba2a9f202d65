"""The summary of a transfer: a sentence for stderr, and the document ``jsobj.transfer/1``."""

from __future__ import annotations

from collections.abc import Sequence

from jsobj.transfer.engine.parts_work import SENT
from jsobj.transfer.events import Failed, Summary
from jsobj.ui.documents import Record
from jsobj.ui.progress_look import human_seconds
from jsobj.units import human_bytes

SCHEMA = "jsobj.transfer/1"
_DONE = {
    "upload": "uploaded",
    "pack": "packed",
    "download": "downloaded",
    "copy": "copied",
    "move": "moved",
    "sync": "copied",
    "undo": "put back",
    "delete": "deleted",
    "verify": "checked",
}


def summary_sentence(summary: Summary) -> str:
    """``12 files, 3.4 GiB uploaded in 41 s (85 MiB/s); all verified; 3 the same already``."""
    verb = _DONE.get(summary.verb, summary.verb)
    changed = summary.done or summary.failed or summary.renamed or summary.deleted or summary.interrupted
    if summary.skipped and summary.skipped == summary.same and not (changed or summary.links or summary.left_out):
        return f"Nothing to do: {_items(summary, summary.skipped)} the same already{_decided(summary)}"
    if summary.decided and not changed:
        parts = ["Nothing copied"]
    else:
        parts = [f"{'Stopped: ' if summary.interrupted else ''}{_items(summary, summary.done)}{_moved(summary, verb)}"]
    parts += _verified(summary) if summary.done and summary.verb not in {"delete", "undo"} else []
    same = summary.skipped if summary.decided else summary.same  # a sync says of each how it was compared
    others = (
        (summary.renamed, "renamed on the server"),
        (summary.deleted, "deleted"),
        (same, f"the same already{_decided(summary)}"),
        (summary.skipped - same, "there already, not compared"),
        (summary.links, "symbolic link left out" if summary.links == 1 else "symbolic links left out"),
        (summary.left_out, "left out"),
        (summary.failed, "failed"),
    )
    parts += [f"{number} {word}" for number, word in others if number]
    if summary.retries:
        parts.append("1 retry" if summary.retries == 1 else f"{summary.retries} retries")
    return "; ".join(parts)


def _decided(summary: Summary) -> str:
    """By what they were found the same."""
    counts = [f"{count} by {word}" for word, count in summary.decided.items() if count]
    return f" ({', '.join(counts)})" if counts else ""


def _items(summary: Summary, count: int) -> str:
    if summary.verb == "pack":
        return f"{count} archive{'' if count == 1 else 's'}"
    noun = "file" if summary.verb in {"upload", "download", "sync", "undo"} else "object"
    return f"{count} {noun if count == 1 else f'{noun}s'}"


def _moved(summary: Summary, verb: str) -> str:
    text = f", {human_bytes(summary.size)} {verb}" if summary.verb != "delete" else f" {verb}"
    text += f" in {human_seconds(summary.seconds)}"
    if summary.size and summary.seconds > 0:
        text += f" ({human_bytes(int(summary.size / summary.seconds))}/s)"
    return text


def _verified(summary: Summary) -> list[str]:
    proofs = {word: count for word, count in summary.proofs.items() if count and word != SENT}
    by = f" ({', '.join(f'{count} by {word}' for word, count in sorted(proofs.items()))})" if proofs else ""
    if not summary.unverified:
        everything = "all" if not summary.failed else str(summary.verified)
        return [f"{everything} verified{by}"] if summary.verified else []
    sent = summary.proofs.get(SENT, 0)
    rest = [f"{summary.unverified - sent} by size only"] if summary.unverified > sent else []
    rest += [f"{sent} stored as read (no digest of the source to compare with)"] if sent else []
    if summary.verified:
        return [", ".join([f"{summary.verified} verified{by}", *rest])]
    return [f"NOT verified: {', '.join(rest)}"]


def summary_record(summary: Summary, failures: Sequence[Failed] = ()) -> Record:
    """All counts. ``failures`` are the first ones; ``failed`` counts all. Sizes in bytes, times in seconds."""
    data = {
        **{name: getattr(summary, name) for name in ("verb", "done", "skipped", "failed")},
        "bytes": summary.size,
        **{name: getattr(summary, name) for name in ("verified", "unverified", "retries")},
        "seconds": round(summary.seconds, 3),
        "bytes_per_second": round(summary.size / summary.seconds) if summary.seconds > 0 else None,
        "interrupted": summary.interrupted,
        "job": summary.job or None,
        "same": summary.same,
        "links": summary.links,
        "left_out": summary.left_out,
        "renamed": summary.renamed,
        "deleted": summary.deleted,
        "decided": dict(summary.decided),
        "proofs": dict(summary.proofs),
        "failures": [failure_data(failure) for failure in failures],
    }
    return Record(SCHEMA, data, [("Result", summary_sentence(summary))])


def failure_data(failure: Failed) -> dict[str, object]:
    """One item that failed, as every document shows it."""
    error = failure.error.to_json()
    del error["schema"]
    return {"item": failure.item, **error}
