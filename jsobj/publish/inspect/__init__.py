"""What a Zarr or a NetCDF file is, read from a bucket within limits: damage and hostile content become sentences."""
