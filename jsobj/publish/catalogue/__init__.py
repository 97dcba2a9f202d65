"""What bibliographies, dataset search engines and catalogues read of published data."""
