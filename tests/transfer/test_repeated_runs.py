"""The same command once more: nothing is read twice without need, and no change is missed."""

from __future__ import annotations

from transfer_scene import TransferScene


def test_a_change_right_after_an_upload_is_sent(transfer: TransferScene) -> None:
    """Of files that were written right before, in the same moment as ever: none is taken for what it was."""
    tree = transfer.write({f"f{number}": b"before" for number in range(50)})
    transfer("upload", f"{tree}/", transfer.url())
    for path in tree.iterdir():
        path.write_bytes(b"behind")
    sent = transfer.summary("upload", f"{tree}/", transfer.url())
    assert (sent["done"], sent["skipped"]) == (50, 0)
    assert {transfer.get(f"f{number}") for number in range(50)} == {b"behind"}
