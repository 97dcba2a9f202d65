"""``jsobj catalog``: rows of metadata beside objects, in the bucket itself."""

from __future__ import annotations

from jsobj.cli.parsing.command import Entry, Group

group = Group(
    "catalog",
    {
        "load": Entry("catalog_load:load", "Send files, and a table with a row for each."),
        "scan": Entry("catalog_scan:scan", "Make rows of what is there already."),
        "query": Entry("catalog_query:query", "Find rows, and fetch or share what they name."),
        "export": Entry("catalog_export:export", "Write rows in the forms of other programs and services."),
        "show": Entry("catalog_show:show", "Show columns, counts, and who loaded what when."),
        "add": Entry("catalog_rows:add", "Add a row, or change columns of one."),
        "delete": Entry("catalog_rows:delete", "Delete a row; its object stays."),
        "history": Entry("catalog_rows:history", "Show all that a row ever was."),
        "verify": Entry("catalog_verify:verify", "Compare rows with the objects that they name."),
        "compact": Entry("catalog_compact:compact", "Make one part of many, and what the search page reads."),
    },
    help="Rows of metadata beside objects, in the bucket itself.\n\nA catalogue needs no database and no server: its "
    "rows are Parquet files below PREFIX/_catalog/, which are only ever added, so that any number of people may load "
    "at once. A question is answered on this computer, which fetches what it has not yet. Needs "
    "pip install 'jsobj[catalog]'.",
)
