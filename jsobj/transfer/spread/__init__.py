"""Work spread over many machines: shares of a plan, and the workers of a dask scheduler."""
