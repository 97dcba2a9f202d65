"""MD5 of many streams at once, in the lanes of vector registers, where the compiled half is there."""
