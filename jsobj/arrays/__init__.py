"""Objects as Python programs want them: values by key, and the chunks of Zarr arrays. All of it can be pickled."""
