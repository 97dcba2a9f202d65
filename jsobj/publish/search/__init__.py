"""The page on which the catalogue of a published prefix is searched."""
