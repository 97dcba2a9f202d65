"""The house tests look at the whole program; those of the README's blocks run them on the embedded cloud."""
