"""An upload in parts that somebody else aborts in the middle is begun once more; the second time it is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jsobj.errors import JsobjError, UploadAborted, UploadNotFound
from jsobj.net.body import Moved
from jsobj.transfer.engine.count import Count

Sent = TypeVar("Sent")


def once_anew(source: str, moved: Moved, send: Callable[[Moved], Sent]) -> Sent:
    """What ``send`` returns, given what is to count its bytes; called again where its upload is aborted meanwhile."""
    passed = Count()

    def counted(count: int) -> None:
        passed.add(count)
        moved(count)

    try:
        return send(counted)
    except UploadNotFound:
        moved(-passed.total)
    try:
        return send(moved)
    except UploadNotFound as error:
        raise aborted_twice(source, error) from error


def aborted_twice(source: str, error: JsobjError) -> JsobjError:
    """The error for the second time."""
    return UploadAborted(
        f"{source}: its upload was aborted on the server twice while it was under way",
        context=error.context,
        hint="something else aborts uploads there (another program, or a lifecycle rule): run the same command again "
        "when it has ended",
    )
