"""One file per command, named after the word typed: parse, one call, show."""
