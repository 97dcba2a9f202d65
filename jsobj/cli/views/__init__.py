"""How results that several commands show are shown."""
