"""What a sync refuses before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.errors import JsobjError
from jsobj.transfer.local.mounts import unmounted
from jsobj.transfer.sync.decision import COPY, DELETE
from jsobj.transfer.sync.guards import DeleteBound, require_harmless, require_plausible
from jsobj.transfer.sync.plan import Totals


def _totals(deleted: int, there: int, *, source: int = 1, **words: int) -> Totals:
    totals = Totals(source=source, target=there, **words)
    totals.actions[DELETE] = deleted
    totals.actions[COPY] = totals.replaced
    return totals


@pytest.mark.parametrize(
    ("text", "there", "allowed"),
    [("", 10, 20), ("", 1000, 100), ("5", 1000, 5), ("0", 10, 0), ("50%", 10, 5), ("0%", 10, 0), ("100%", 10, 10)],
)
def test_the_bound_is_a_number_or_a_part(text: str, there: int, allowed: int) -> None:
    assert DeleteBound.parse(text).allowed(there) == allowed


@pytest.mark.parametrize("text", ["-1", "all", "101%", "5 %", "1e3", "%"])
def test_another_bound_is_refused(text: str) -> None:
    with pytest.raises(JsobjError) as caught:
        DeleteBound.parse(text)
    assert caught.value.reference == "usage"


def test_more_than_the_bound_is_refused() -> None:
    require_plausible(_totals(20, 100), "from", "to", bound=DeleteBound(), newer_too=False)
    with pytest.raises(JsobjError, match="21 of the 100") as caught:
        require_plausible(_totals(21, 100), "from", "to", bound=DeleteBound(), newer_too=False)
    assert caught.value.reference == "sync-max-delete"


def test_sides_look_swapped_where_all_that_is_replaced_is_newer_and_the_target_is_larger() -> None:
    words = {"replaced": 3, "replaced_newer": 3, "target_bytes": 11, "source_bytes": 10}
    with pytest.raises(JsobjError, match="swapped"):
        require_plausible(_totals(0, 9, **words), "from", "to", bound=DeleteBound(), newer_too=False)
    for change in ({"replaced_newer": 2}, {"target_bytes": 10}, {"replaced": 0, "replaced_newer": 0}):
        require_plausible(_totals(0, 9, **{**words, **change}), "from", "to", bound=DeleteBound(), newer_too=False)
    require_plausible(_totals(0, 9, **words), "from", "to", bound=DeleteBound(), newer_too=True)


def test_a_home_and_what_is_around_it_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "home" / "me"
    (home / "data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(home)
    for folder in ("/", tmp_path, home, tmp_path / "home", tmp_path / "link", f"{home}/data/.."):
        with pytest.raises(JsobjError) as caught:
            require_harmless(str(folder), str(home))
        assert caught.value.reference == "sync-target-home"
    require_harmless(str(home / "data"), str(home))
    require_harmless(str(tmp_path / "home" / "mention"), str(home))


def test_a_mount_point_of_the_table_where_nothing_is_mounted_is_found(tmp_path: Path) -> None:
    """At, above and in a folder; a blank in its name is written as an octal number."""
    table = tmp_path / "fstab"
    point = tmp_path / "my data"
    (point / "below").mkdir(parents=True)
    table.write_text(
        f"# comment {point}\nproc /proc proc defaults 0 0\nUUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n"
        f"server:/x {tmp_path}/my\\040data nfs defaults 0 0\n"
    )
    for folder in (point, point / "below", tmp_path):
        assert unmounted(str(folder), str(table)) == str(point)
    assert unmounted(str(tmp_path / "my"), str(table)) == ""
    assert unmounted("/proc/self", str(table)) == ""
    assert unmounted(str(point), str(tmp_path / "missing")) == ""
