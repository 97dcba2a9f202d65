"""What a place names, opened: which of it are objects."""

from __future__ import annotations

from typing import Any

import pytest
from held_archive import HeldStore

from jsobj.errors import ExitCode, JsobjError
from jsobj.packing.open import require_objects


def test_members_are_refused_where_objects_are_needed() -> None:
    held = HeldStore(b"")
    store: Any = held
    require_objects(store, "goes nowhere")
    for hint, wanted in (("", "name the archive itself, s3://b/a.zip, or its bucket, s3://b/"), ("go", "go")):
        with pytest.raises(JsobjError) as raised:
            require_objects(held.members, "goes nowhere", hint=hint)
        assert (raised.value.reference, raised.value.code) == ("archive-read-only", ExitCode.USAGE)
        assert raised.value.message == "s3://b/a.zip!/: what is in an archive goes nowhere"
        assert raised.value.hint == wanted
