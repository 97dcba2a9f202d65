"""Units of work on threads and processes, bounded and limited in rate."""
