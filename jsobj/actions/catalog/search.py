"""What the search page reads, out of the rows of a catalogue."""

from __future__ import annotations

from jsobj.catalog.engine import named
from jsobj.catalog.rows import Rows
from jsobj.catalog.schema import OWN
from jsobj.catalog.search.write import SearchIndex, write_shards

# Of no use to somebody with a page, and most of the bytes: it makes its links of _object.
_LEFT_OUT = frozenset({"_url", "_sha256", "_etag"})


def write_search(rows: Rows) -> SearchIndex:
    """Write the shards of the search page, of the newest row of each key. Raises what the store raises."""
    types = {name: {**OWN, **rows.types}[name] for name in rows.columns if name not in _LEFT_OUT}
    found = rows.ask(f"SELECT {', '.join(map(named, types))} FROM catalog ORDER BY _key")
    return write_shards(rows.catalogue.store, rows.catalogue.root, list(types.items()), found.tuples())
