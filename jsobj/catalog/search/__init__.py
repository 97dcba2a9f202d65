"""What the search page of a catalogue reads: shards of rows, and the index that names them."""
