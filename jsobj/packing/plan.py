"""Which files go into an archive, under which names: found as for an upload, and all known before the first is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, error_of
from jsobj.packing.central import name_fault
from jsobj.packing.writer import Packed
from jsobj.transfer.events import Failed, LeftOut
from jsobj.transfer.local.scan import LocalFile, Passed

# What a member takes beside its bytes and twice its name, at most: two headers with their extra fields, a descriptor.
_BESIDE = 180
_END = 200


@dataclass(frozen=True, slots=True)
class PackPlan:
    """The files by name, what was left out, and why some cannot be sent."""

    files: tuple[Packed, ...]
    left_out: tuple[LeftOut, ...] = ()
    failed: tuple[Failed, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that the archive has at most."""
        return _END + sum(each.file.size + 2 * len(each.name.encode()) + _BESIDE for each in self.files)


def plan_archive(found: Iterable[tuple[str, LocalFile | Passed]]) -> PackPlan:
    """``found``: what goes before each name, and each file."""
    files: dict[str, LocalFile] = {}
    left_out: list[LeftOut] = []
    failed: list[Failed] = []
    for prefix, each in found:
        if isinstance(each, Passed):
            if each.error is not None:
                failed.append(Failed(each.path, each.error))
            else:
                left_out.append(LeftOut(each.path, each.reason, each.kind))
            continue
        name = prefix + each.relative
        if fault := name_fault(name):
            failed.append(Failed(each.path, _refused(each.path, fault)))
        elif name in files:
            failed.append(Failed(each.path, _meet(each.path, name)))
        else:
            files[name] = each
    failed += _folders(files)
    return PackPlan(tuple(Packed(name, files[name]) for name in sorted(files)), tuple(left_out), tuple(failed))


def _folders(files: dict[str, LocalFile]) -> Iterator[Failed]:
    """Files whose name is that of another source's folder: nobody could unpack both."""
    folders = {name[:at] for name in files for at, letter in enumerate(name) if letter == "/"}
    for name in sorted(folders & files.keys()):
        yield Failed(files[name].path, _meet(files[name].path, name))


def _refused(path: str, fault: str) -> JsobjError:
    hint = "rename it, or leave it out: --exclude"
    return error_of("name-refused", f"{path} was not packed: {fault}", code=ExitCode.LOCAL, hint=hint)


def _meet(path: str, name: str) -> JsobjError:
    return JsobjError(
        "sources-meet",
        f"{path}: another source becomes '{name}' too",
        code=ExitCode.USAGE,
        hint="pack them one by one, into different archives",
    )
